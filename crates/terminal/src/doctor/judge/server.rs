//! Clock, network, certificate and version: what the way to the server showed.

use super::super::seen::{AnswerSeen, CertificateSeen, ClockSeen, Reach, Seen, ServerSeen, TlsSeen, Tried, Trust, Why};
use super::{Both, Finding, Subject, both};

/// Two of these lie between a clerk's confirm and the end of a load; Windows resets a card that waits for five seconds.
const SLOW_TRIP_US: u64 = 500_000;

/// A certificate that ends sooner should have been renewed: those of public authorities are renewed a month before.
const FEW_DAYS: i64 = 14;

/// This computer's clock.
pub(super) fn clock(seen: &Seen) -> Finding {
    let subject = Subject::Clock;
    let Some(ClockSeen { ahead_ms, coarse }) = seen.server.as_ref().and_then(clock_of) else {
        return subject.unchecked("没有问到服务器的时间", "the server's time could not be asked");
    };
    let off = ahead_ms.saturating_abs().saturating_sub(if coarse { 1_000 } else { 0 });
    let by = span(ahead_ms.saturating_abs());
    let (zh, en) = match ahead_ms {
        _ if off < 1_000 => (format!("与服务器一致（相差 {}）", by.zh), format!("as the server's ({} apart)", by.en)),
        1.. => (format!("比服务器快 {}", by.zh), format!("{} ahead of the server's", by.en)),
        _ => (format!("比服务器慢 {}", by.zh), format!("{} behind the server's", by.en)),
    };
    let found = match off {
        _ if off <= link::CLOCK_LOOK_MS => return subject.good(zh, en),
        _ if off <= link::CLOCK_WRONG_MS => subject.look(zh, en),
        _ => subject.broken(zh, en),
    };
    let command = match seen.here.system.as_str() {
        "windows" => "w32tm /resync",
        "macos" => "sudo sntp -sS time.apple.com",
        _ => "sudo timedatectl set-ntp true",
    };
    found
        .todo(
            "让系统自动校时，几分钟后再检查一次。如果手机上的时间和这台电脑一样，那是服务器的时钟不对：请告诉一卡通公司",
            "let the system set its clock from the network, and look again after some minutes. If a phone agrees with this computer, it is the server's clock: tell the card company",
        )
        .command(command)
}

fn clock_of(server: &ServerSeen) -> Option<ClockSeen> {
    match &server.answer {
        AnswerSeen::Ours { clock, .. } => Some(*clock),
        AnswerSeen::Strange { clock, .. } => *clock,
        AnswerSeen::NotAsked | AnswerSeen::Failed { .. } => None,
    }
}

/// The way to the server.
pub(super) fn network(seen: &Seen) -> Finding {
    let subject = Subject::Network;
    let Some(server) = &seen.server else {
        return subject
            .unchecked("没有说服务器在哪里", "nobody said where the server is")
            .todo("加上服务器的地址再检查一次", "run it again with the server's address")
            .command("jichong terminal doctor --server https://…");
    };
    let ServerSeen { host, port, .. } = server;
    match &server.reach {
        Reach::NoName { why } => via_proxy(
            server,
            subject.broken(format!("找不到主机 {host}（{why}）"), format!("the host {host} is not found ({why})")),
            "检查网线或无线网、服务器地址有没有写错、DNS 设置",
            "check the cable or the wireless network, the server's address for typing mistakes, and the DNS settings",
        ),
        Reach::NoWay { tried } => no_way(server, tried),
        Reach::Reached { at, connect_us, .. } => {
            let took = ms(*connect_us);
            let connected = both(format!("能连上 {at}（{took}）"), format!("{at} takes connections ({took})"));
            match (&server.tls, &server.answer) {
                (TlsSeen::NotTls, _) => subject
                    .broken(
                        format!("能连上 {at}，但那里说的不是 TLS"),
                        format!("{at} takes connections but does not speak TLS"),
                    )
                    .todo(
                        format!("检查服务器地址和端口（现在是 {port}）；中间有没有网关改了内容"),
                        format!("check the server's address and port ({port} now), and whether a gateway changes what passes"),
                    ),
                (_, AnswerSeen::Failed { why }) => subject
                    .broken(format!("能连上 {at}，但没有得到回答：{why}"), format!("{at} takes connections but gives no answer: {why}"))
                    .todo("过一会儿再检查；仍然不行时请告诉一卡通公司", "look again in a while; if it stays so, tell the card company"),
                (_, AnswerSeen::Strange { status, .. }) => subject
                    .broken(
                        format!("{} 回答的不是集充服务器，或者它太旧（HTTP {status}）", server.address),
                        format!("what answers at {} is not a Jichong server, or too old a one (HTTP {status})", server.address),
                    )
                    .todo("检查服务器地址；上网要先登录的网络，请先登录", "check the server's address; if this network asks for a sign-in first, sign in"),
                (_, AnswerSeen::Ours { trip_us, .. }) => answered(server, *at, *trip_us),
                (_, AnswerSeen::NotAsked) => subject.found(super::Verdict::Good, connected),
            }
        }
    }
}

fn answered(server: &ServerSeen, at: std::net::SocketAddr, trip_us: u64) -> Finding {
    let subject = Subject::Network;
    let trip = ms(trip_us);
    let (zh, en) = match server.proxies.first() {
        None => (String::new(), String::new()),
        Some(proxy) => (
            format!("；环境里有代理 {proxy}，终端程序不用它"),
            format!("; the environment names the proxy {proxy}, the terminal does not use it"),
        ),
    };
    let (zh, en) = (format!("{at} 往返 {trip}{zh}"), format!("{at}, there and back in {trip}{en}"));
    if trip_us <= SLOW_TRIP_US {
        return subject.good(zh, en);
    }
    subject.look(zh, en).todo(
        "网络很慢：一次充值要往返两次，卡要多放一会儿。检查无线网信号，或换有线网",
        "this is slow: a load takes two of these while the card has to lie still. Check the wireless signal, or use a cable",
    )
}

fn no_way(server: &ServerSeen, tried: &[Tried]) -> Finding {
    let told = |one: fn(&Why) -> (&str, &str)| {
        let each = tried.iter().map(|tried| {
            let (zh, en) = one(&tried.why);
            let more = if let Why::Other(why) = &tried.why { why.as_str() } else { "" };
            (format!("{} {zh}{more}", tried.at), format!("{} {en}{more}", tried.at))
        });
        each.unzip::<String, String, Vec<_>, Vec<_>>()
    };
    let (zh, en) = told(|why| match why {
        Why::Refused => ("拒绝连接", "refuses connections"),
        Why::Silent => ("没有回应", "keeps silent"),
        Why::Unreachable => ("无路可达", "cannot be reached"),
        Why::Other(_) => ("", ""),
    });
    let found = Subject::Network
        .broken(format!("连不上服务器：{}", zh.join("，")), format!("the server cannot be reached: {}", en.join(", ")));
    let port = server.port;
    if tried.iter().any(|tried| tried.why == Why::Refused) {
        return via_proxy(
            server,
            found,
            &format!("检查服务器地址和端口（现在是 {port}）；都对时，服务器可能停了，请告诉一卡通公司"),
            &format!(
                "check the server's address and port ({port} now); if they are right the server may be down: tell the card company"
            ),
        );
    }
    via_proxy(
        server,
        found,
        &format!("检查网络；请网络管理员放行到 {} 端口 {port} 的连接", server.host),
        &format!("check the network; have connections to {} port {port} let through the firewall", server.host),
    )
}

/// What to do, and a word on the proxy that other programs of this computer use.
fn via_proxy(server: &ServerSeen, found: Finding, zh: &str, en: &str) -> Finding {
    match server.proxies.first() {
        None => found.todo(zh, en),
        Some(proxy) => found.todo(
            format!("{zh}。环境里有代理（{proxy}），但终端程序不用代理：请放行直接连接"),
            format!("{en}. The environment names a proxy ({proxy}), which the terminal does not use: let it connect directly"),
        ),
    }
}

/// The server's certificate.
pub(super) fn certificate(seen: &Seen) -> Finding {
    let subject = Subject::Certificate;
    let Some(server) = &seen.server else {
        return subject.unchecked("没有说服务器在哪里", "nobody said where the server is");
    };
    match &server.tls {
        TlsSeen::NotReached | TlsSeen::NotTls => subject.unchecked("没有连上服务器", "the server was not reached"),
        TlsSeen::Plain => subject.good("不需要：服务器就在本机", "not needed: the server is on this machine"),
        TlsSeen::NoAuthorities => {
            subject.broken("这台电脑没有任何受信任的证书颁发机构", "this computer trusts no authority at all").todo(
                "安装系统的根证书（软件包 ca-certificates），或用 --ca 给出一卡通公司的根证书文件",
                "install the system's authorities (package ca-certificates), or give the card company's with --ca",
            )
        }
        TlsSeen::AuthorityFile { why } => subject
            .broken(format!("--ca 的文件不能用：{why}"), format!("the file of --ca cannot be used: {why}"))
            .todo("向一卡通公司要根证书文件（PEM 格式）", "ask the card company for its authority's file (PEM)"),
        TlsSeen::Failed { why } => {
            subject.broken(format!("加密连接没有建立：{why}"), format!("no encrypted connection was made: {why}")).todo(
                "过一会儿再检查；仍然不行时，把这一行告诉一卡通公司",
                "look again in a while; if it stays so, tell the card company this line",
            )
        }
        TlsSeen::Shown { certificate, verdict } => shown(server, certificate, verdict),
    }
}

fn shown(server: &ServerSeen, certificate: &CertificateSeen, verdict: &Trust) -> Finding {
    let subject = Subject::Certificate;
    let CertificateSeen { issuer, names, from, until, days_left } = certificate;
    match verdict {
        Trust::Good => {
            let found = both(
                format!("有效，还剩 {days_left} 天（到 {until}），{issuer} 签发"),
                format!("good for {days_left} more days (until {until}), issued by {issuer}"),
            );
            if *days_left >= FEW_DAYS {
                return subject.found(super::Verdict::Good, found);
            }
            subject
                .found(super::Verdict::Look, found)
                .todo("快到期了：请提醒一卡通公司更换证书", "it ends soon: remind the card company to renew it")
        }
        Trust::OutOfTime { otherwise_good: true } if clock_is_wrong(server) => subject
            .broken(
                format!("证书本身没有问题（{from} 至 {until}），是这台电脑的时钟不对"),
                format!("the certificate is in order ({from} to {until}); this computer's clock is wrong"),
            )
            .todo("先按“时钟”一项校准时间", "set the clock first, as said there"),
        Trust::OutOfTime { .. } if *days_left < 0 => subject
            .broken(format!("服务器的证书已于 {until} 过期"), format!("the server's certificate ended on {until}"))
            .todo(
                "请告诉一卡通公司更换证书。先看看这台电脑的日期对不对",
                "tell the card company to renew it. See first whether this computer's date is right",
            ),
        Trust::OutOfTime { .. } => subject
            .broken(format!("服务器的证书从 {from} 起才有效"), format!("the server's certificate begins on {from}"))
            .todo(
                "先看看这台电脑的日期对不对；对的话请告诉一卡通公司",
                "see whether this computer's date is right; if so, tell the card company",
            ),
        Trust::UnknownIssuer { own_file } => {
            let found = subject.broken(
                format!("这台电脑不信任证书的颁发者 {issuer}"),
                format!("this computer does not trust who issued the certificate: {issuer}"),
            );
            if *own_file {
                found.todo(
                    "--ca 的文件不是签发这张证书的机构：向一卡通公司要新的根证书文件",
                    "the file of --ca is of another authority: ask the card company for the right one",
                )
            } else {
                found.todo(
                    "如果是一卡通公司自己的颁发机构，向它要根证书文件，用 --ca 文件 给出；如果是本单位的安全网关，请放行到服务器的连接",
                    "if it is the card company's own authority, ask for its file and give it with --ca FILE; if it is a security gateway of your company, have it let this connection through",
                )
            }
        }
        Trust::WrongName => subject
            .broken(
                format!("证书不是给 {} 的，而是给 {} 的", server.host, names.join("、")),
                format!("the certificate is not for {} but for {}", server.host, names.join(", ")),
            )
            .todo(
                "用证书上的名字作服务器地址；都不对时，请告诉一卡通公司",
                "use a name of the certificate as the server's address; if none fits, tell the card company",
            ),
        Trust::Other { why } => subject
            .broken(
                format!("证书不能接受：{why}（{issuer} 签发）"),
                format!("the certificate cannot be accepted: {why} (issued by {issuer})"),
            )
            .todo("把这一行告诉一卡通公司", "tell the card company this line"),
    }
}

/// Whether the server's own time says that ours is wrong.
fn clock_is_wrong(server: &ServerSeen) -> bool {
    clock_of(server).is_some_and(|clock| clock.ahead_ms.saturating_abs() > link::CLOCK_WRONG_MS)
}

/// This program beside the server's.
pub(super) fn version(seen: &Seen) -> Finding {
    let subject = Subject::Version;
    let ours = &seen.here.program;
    let Some((server, AnswerSeen::Ours { program, link, .. })) =
        seen.server.as_ref().map(|server| (server, &server.answer))
    else {
        return subject
            .unchecked(format!("{ours}；没有问到服务器的版本"), format!("{ours}; the server's could not be asked"));
    };
    let (zh, en) = (format!("本机 {ours}，服务器 {program}"), format!("{ours} here, {program} at the server"));
    let found = if *link != seen.here.link {
        subject.broken(
            format!("{zh}：通信版本不同（{} 和 {link}），连不上", seen.here.link),
            format!("{en}: they speak different versions ({} and {link}) and cannot connect", seen.here.link),
        )
    } else if program != ours {
        subject.look(zh, en)
    } else {
        return subject.good(format!("{ours}，与服务器相同"), format!("{ours}, the same as the server's"));
    };
    found
        .todo("换成服务器提供的程序，下载地址：", "replace it by the program that the server offers, to be had at")
        .command(format!("{}/download/jichong", server.address))
}

/// `3.2 ms`.
fn ms(us: u64) -> String {
    let tenths = us.saturating_add(50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// A length of time in the unit that suits it.
fn span(ms: i64) -> Both {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if seconds < 60 {
        let tenths = ms % 1_000 / 100;
        return both(format!("{seconds}.{tenths} 秒"), format!("{seconds}.{tenths} s"));
    }
    if hours < 1 {
        return both(format!("{minutes} 分 {} 秒", seconds % 60), format!("{minutes} min {} s", seconds % 60));
    }
    if days < 1 {
        return both(format!("{hours} 小时 {} 分", minutes % 60), format!("{hours} h {} min", minutes % 60));
    }
    both(format!("{days} 天 {} 小时", hours % 24), format!("{days} days {} h", hours % 24))
}
