//! Data: what was seen, the verdict, and a word of each language that must be said.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use unicode_width::UnicodeWidthStr as _;

use super::super::report::{self, Language};
use super::super::seen::*;
use super::*;

const AT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)), 443);

/// A terminal with nothing to complain of.
fn well() -> Seen {
    Seen {
        here: Here { program: "0.1.0".into(), link: 2, system: "linux".into(), machine: "x86_64".into() },
        folder: Folder {
            path: "/var/lib/jichong-terminal".into(),
            running: false,
            identity: IdentitySeen::Enrolled {
                number: "000001000050".into(), name: "前台一号".into(), open_to: None
            },
            journal: JournalSeen::Good { owed: vec![] },
            disk: DiskSeen::Writable { free_bytes: Some(12_340_000_000) },
        },
        readers: ReadersSeen::There { names: vec!["ACS ACR1281U 00 00".into()] },
        card: CardSeen::Ours {
            reader: "ACS ACR1281U 00 00".into(),
            atr: "3B8F80".into(),
            application: "city".into(),
            tail: "0001".into(),
        },
        server: Some(ServerSeen {
            address: "https://topup.example.cn".into(),
            host: "topup.example.cn".into(),
            port: 443,
            proxies: vec![],
            reach: Reach::Reached { at: AT, all: vec![AT.ip()], connect_us: 3_120 },
            tls: TlsSeen::Shown { certificate: certificate(), verdict: Trust::Good },
            answer: ours(0, 2_940),
        }),
        standing: Some(StandingSeen::Good { name: "前台一号".into(), connected: false }),
    }
}

fn certificate() -> CertificateSeen {
    CertificateSeen {
        issuer: "Sample CA".into(),
        names: vec!["topup.example.cn".into()],
        from: "2026-10-01".into(),
        until: "2026-12-30".into(),
        days_left: 38,
    }
}

fn ours(ahead_ms: i64, trip_us: u64) -> AnswerSeen {
    AnswerSeen::Ours { program: "0.1.0".into(), link: 2, clock: ClockSeen { ahead_ms, coarse: false }, trip_us }
}

/// Judges what differs from a terminal that is well.
fn check(subject: Subject, change: impl FnOnce(&mut Seen), verdict: Verdict, zh: &str, en: &str) {
    let mut seen = well();
    change(&mut seen);
    let finding = judge(&seen).into_iter().find(|finding| finding.subject == subject).unwrap();
    let said = |of: fn(&Both) -> &str| {
        let todo = finding.todo.as_ref().map_or("", of);
        format!("{} {todo} {}", of(&finding.seen), finding.command.as_deref().unwrap_or_default())
    };
    let (said_zh, said_en) = (said(|both| &both.zh), said(|both| &both.en));
    assert_eq!(finding.verdict, verdict, "{said_en}");
    assert!(said_zh.contains(zh), "{said_zh}");
    assert!(said_en.contains(en), "{said_en}");
    let broken = matches!(finding.verdict, Verdict::Broken | Verdict::Look);
    assert!(
        !broken || finding.todo.is_some() || matches!(seen.standing, Some(StandingSeen::Failed { .. })),
        "{said_en}"
    );
    for text in [&said_zh, &said_en] {
        assert!(!text.contains("  ") || text.ends_with("  "), "{text}");
    }
}

fn server(seen: &mut Seen) -> &mut ServerSeen {
    seen.server.as_mut().unwrap()
}

#[test]
fn a_terminal_that_is_well() {
    assert!(judge(&well()).iter().all(|finding| finding.verdict == Verdict::Good), "{:#?}", judge(&well()));
}

#[test]
fn the_service_and_its_readers() {
    use Subject::{Readers, Service};
    use Verdict::{Broken, Good, Unchecked};
    let with = |readers: ReadersSeen| move |seen: &mut Seen| seen.readers = readers;
    let on = |system: &str| {
        let system = system.to_owned();
        move |seen: &mut Seen| (seen.readers, seen.here.system) = (ReadersSeen::NoService, system)
    };
    check(Service, with(ReadersSeen::There { names: vec![] }), Good, "在运行", "is running");
    check(Service, with(ReadersSeen::NotBuilt), Unchecked, "没有带 PC/SC", "without PC/SC");
    check(Service, on("linux"), Broken, "pcscd 没有在运行", "systemctl enable --now pcscd.socket");
    check(Service, on("windows"), Broken, "先插上读卡器", "sc start SCardSvr");
    check(Service, with(ReadersSeen::Forbidden), Broken, "不让这个用户使用", "polkit");
    check(Service, with(ReadersSeen::Silent), Broken, "没有及时回答", "did not answer");
    check(Readers, with(ReadersSeen::There { names: vec![] }), Broken, "插好读卡器的 USB 线", "USB cable");
    check(Readers, with(ReadersSeen::There { names: vec!["a".into(), "b".into()] }), Good, "2 台：a、b", "2: a, b");
    check(Readers, with(ReadersSeen::NoService), Unchecked, "读卡器服务", "comes first");
}

#[test]
fn the_card() {
    use Verdict::{Broken, Good, Look, Unchecked};
    let (reader, atr) = (|| "R".to_owned(), || "3B00".to_owned());
    let ours = |application: &str| CardSeen::Ours {
        reader: reader(),
        atr: atr(),
        application: application.into(),
        tail: "9985".into(),
    };
    let foreign = CardSeen::Foreign { reader: reader(), atr: atr(), answers: vec!["city: 6A82".into()] };
    let strange = CardSeen::Strange { reader: reader(), atr: atr(), why: "20 bytes".into() };
    for (card, verdict, zh, en) in [
        (CardSeen::NoReaders, Unchecked, "要先有读卡器", "a reader comes first"),
        (CardSeen::LeftAlone, Unchecked, "自检页", "self-test page"),
        (CardSeen::None, Unchecked, "没有卡", "--wait-card 30"),
        (CardSeen::Mute, Broken, "芯片朝读卡器", "the chip"),
        (CardSeen::Lost { reader: reader() }, Broken, "没有读完就断了", "was lost"),
        (foreign, Look, "不是本系统的卡（ATR 3B00）", "none of this system (ATR 3B00)"),
        (strange, Broken, "读不懂：20 bytes", "makes no sense: 20 bytes"),
        (ours("city"), Good, "城市一卡通，尾号 9985", "a city card ending in 9985"),
        (ours("t-union"), Good, "交通联合卡，尾号 9985", "a T-Union card"),
    ] {
        check(Subject::Card, |seen| seen.card = card, verdict, zh, en);
    }
}

#[test]
fn the_clock() {
    use Verdict::{Broken, Good, Look, Unchecked};
    for (ahead_ms, verdict, zh, en) in [
        (0, Good, "一致（相差 0.0 秒）", "0.0 s apart"),
        (-999, Good, "相差 0.9 秒", "0.9 s apart"),
        (4_999, Good, "快 4.9 秒", "4.9 s ahead"),
        (-5_001, Look, "慢 5.0 秒", "timedatectl set-ntp true"),
        (200_000, Look, "快 3 分 20 秒", "3 min 20 s ahead"),
        (-300_001, Broken, "慢 5 分 0 秒", "5 min 0 s behind"),
        (7_500_000, Broken, "快 2 小时 5 分", "2 h 5 min ahead"),
        (-3_600_000_000, Broken, "慢 41 天 16 小时", "41 days 16 h behind"),
    ] {
        check(Subject::Clock, |seen| server(seen).answer = ours(ahead_ms, 1), verdict, zh, en);
    }
    // A date in whole seconds may be a second off by itself.
    let coarse = |ahead_ms| AnswerSeen::Strange { status: 404, clock: Some(ClockSeen { ahead_ms, coarse: true }) };
    check(Subject::Clock, |seen| server(seen).answer = coarse(6_000), Good, "快 6.0 秒", "6.0 s ahead");
    check(Subject::Clock, |seen| server(seen).answer = coarse(7_000), Look, "快 7.0 秒", "7.0 s ahead");
    check(
        Subject::Clock,
        |seen| server(seen).answer = AnswerSeen::NotAsked,
        Unchecked,
        "没有问到",
        "could not be asked",
    );
    let on = |system: &str| {
        let system = system.to_owned();
        move |seen: &mut Seen| {
            seen.here.system = system;
            server(seen).answer = ours(60_000, 1);
        }
    };
    check(Subject::Clock, on("windows"), Look, "w32tm /resync", "w32tm /resync");
    check(Subject::Clock, on("macos"), Look, "sntp", "sntp");
}

#[test]
fn the_network() {
    use Verdict::{Broken, Good, Look, Unchecked};
    let check = |change: &dyn Fn(&mut Seen), verdict, zh, en| check(Subject::Network, change, verdict, zh, en);
    let reach = |reach: Reach| move |seen: &mut Seen| server(seen).reach = reach.clone();
    let tried = |why: &[Why]| {
        let tried = why.iter().map(|why| Tried { at: AT, why: why.clone() });
        reach(Reach::NoWay { tried: tried.collect() })
    };
    let answer = |answer: AnswerSeen| move |seen: &mut Seen| server(seen).answer = answer.clone();
    check(&|seen| seen.server = None, Unchecked, "没有说服务器在哪里", "--server https://…");
    check(&reach(Reach::NoName { why: "x".into() }), Broken, "找不到主机 topup.example.cn（x）", "DNS settings");
    check(&tried(&[Why::Refused]), Broken, "203.0.113.7:443 拒绝连接", "the server may be down");
    check(&tried(&[Why::Silent, Why::Unreachable]), Broken, "没有回应，203.0.113.7:443 无路可达", "firewall");
    check(&tried(&[Why::Other("odd".into())]), Broken, "203.0.113.7:443 odd", "203.0.113.7:443 odd");
    let proxy = |seen: &mut Seen| {
        server(seen).proxies = vec!["HTTPS_PROXY=http://proxy:3128".into()];
        server(seen).reach = Reach::NoWay { tried: vec![Tried { at: AT, why: Why::Silent }] };
    };
    check(&proxy, Broken, "终端程序不用代理", "let it connect directly");
    check(&|seen| server(seen).tls = TlsSeen::NotTls, Broken, "说的不是 TLS", "(443 now)");
    check(&answer(AnswerSeen::Failed { why: "reset".into() }), Broken, "没有得到回答：reset", "no answer: reset");
    check(&answer(AnswerSeen::Strange { status: 404, clock: None }), Broken, "不是集充服务器", "HTTP 404");
    check(&answer(AnswerSeen::NotAsked), Good, "能连上 203.0.113.7:443（3.1 ms）", "takes connections (3.1 ms)");
    check(&answer(ours(0, 2_940)), Good, "往返 2.9 ms", "there and back in 2.9 ms");
    check(&answer(ours(0, 500_001)), Look, "往返 500.0 ms", "this is slow");
}

#[test]
fn the_certificate() {
    use Verdict::{Broken, Good, Look, Unchecked};
    let check = |change: &dyn Fn(&mut Seen), verdict, zh, en| check(Subject::Certificate, change, verdict, zh, en);
    let tls = |tls: TlsSeen| move |seen: &mut Seen| server(seen).tls = tls.clone();
    let shown = |days_left, verdict| {
        tls(TlsSeen::Shown { certificate: CertificateSeen { days_left, ..certificate() }, verdict })
    };
    let why = || "w".to_owned();
    check(&|seen| seen.server = None, Unchecked, "没有说服务器在哪里", "nobody said");
    check(&tls(TlsSeen::NotReached), Unchecked, "没有连上", "not reached");
    check(&tls(TlsSeen::Plain), Good, "就在本机", "on this machine");
    check(&tls(TlsSeen::NoAuthorities), Broken, "ca-certificates", "trusts no authority");
    check(&tls(TlsSeen::AuthorityFile { why: why() }), Broken, "--ca 的文件不能用：w", "cannot be used: w");
    check(&tls(TlsSeen::Failed { why: why() }), Broken, "没有建立：w", "was made: w");
    check(&shown(14, Trust::Good), Good, "还剩 14 天（到 2026-12-30），Sample CA 签发", "issued by Sample CA");
    check(&shown(13, Trust::Good), Look, "快到期了", "remind the card company");
    check(&shown(-1, Trust::OutOfTime { otherwise_good: true }), Broken, "已于 2026-12-30 过期", "ended on 2026-12-30");
    check(&shown(400, Trust::OutOfTime { otherwise_good: false }), Broken, "从 2026-10-01 起", "begins on 2026-10-01");
    let wrong_clock = |seen: &mut Seen| {
        shown(-9, Trust::OutOfTime { otherwise_good: true })(seen);
        server(seen).answer = ours(1_000_000_000, 1);
    };
    check(&wrong_clock, Broken, "是这台电脑的时钟不对", "this computer's clock is wrong");
    check(&shown(9, Trust::UnknownIssuer { own_file: true }), Broken, "新的根证书文件", "of another authority");
    check(&shown(9, Trust::UnknownIssuer { own_file: false }), Broken, "安全网关", "security gateway");
    check(&shown(9, Trust::WrongName), Broken, "而是给 topup.example.cn 的", "but for topup.example.cn");
    check(&shown(9, Trust::Other { why: why() }), Broken, "不能接受：w", "cannot be accepted: w");
}

#[test]
fn the_version() {
    use Verdict::{Broken, Good, Look, Unchecked};
    let answer = |program: &str, link| {
        let AnswerSeen::Ours { clock, trip_us, .. } = ours(0, 1) else { unreachable!() };
        let answer = AnswerSeen::Ours { program: program.to_owned(), link, clock, trip_us };
        move |seen: &mut Seen| server(seen).answer = answer
    };
    let download = "https://topup.example.cn/download/jichong";
    check(Subject::Version, answer("0.1.0", 2), Good, "0.1.0，与服务器相同", "the same as");
    check(Subject::Version, answer("0.2.0", 2), Look, "服务器 0.2.0", download);
    check(Subject::Version, answer("0.2.0", 3), Broken, "通信版本不同（2 和 3）", download);
    check(Subject::Version, |seen| seen.server = None, Unchecked, "没有问到", "could not be asked");
}

#[test]
fn the_enrolment() {
    use Verdict::{Broken, Good, Look};
    let check = |change: &dyn Fn(&mut Seen), verdict, zh, en| check(Subject::Enrolment, change, verdict, zh, en);
    let identity = |identity: IdentitySeen| move |seen: &mut Seen| seen.folder.identity = identity.clone();
    let standing = |running, standing: StandingSeen| {
        move |seen: &mut Seen| (seen.folder.running, seen.standing) = (running, Some(standing.clone()))
    };
    let good = |connected| StandingSeen::Good { name: "前台".into(), connected };
    let open = IdentitySeen::Enrolled { number: "1".into(), name: "n".into(), open_to: Some("640".into()) };
    check(&identity(IdentitySeen::None), Broken, "没有登记", "jichong terminal enrol");
    check(&identity(IdentitySeen::Pending), Broken, "登记没有完成", "not finished");
    check(&identity(IdentitySeen::Forbidden), Broken, "不能读", "sudo -u jichong-terminal");
    check(&identity(IdentitySeen::Damaged { why: "line 3".into() }), Broken, "已损坏：line 3", "enrol again");
    check(&identity(open), Broken, "权限 640", "chmod 600 /var/lib/jichong-terminal/terminal.json");
    check(&|seen| seen.standing = None, Good, "没有问服务器", "was not asked");
    check(&standing(false, StandingSeen::Failed { why: "503".into() }), Look, "没有说是否认得它：503", "did not say");
    check(&standing(false, StandingSeen::Revoked), Broken, "停用", "taken out of use");
    check(&standing(true, StandingSeen::Unknown), Broken, "不认得 000001000050", "enrol again");
    check(&standing(true, good(true)), Good, "000001000050（前台），已连上服务器", "connected");
    check(&standing(false, good(false)), Good, "终端程序没有运行", "not running");
    check(&standing(true, good(false)), Look, "没有连上服务器", "not connected");
    check(&standing(false, good(true)), Look, "密钥被复制了", "the key was copied");
}

#[test]
fn the_journal() {
    use Verdict::{Broken, Good, Look, Unchecked};
    let with = |running, journal: JournalSeen, disk: DiskSeen| {
        move |seen: &mut Seen| (seen.folder.running, seen.folder.journal, seen.folder.disk) = (running, journal, disk)
    };
    let disk = |free_bytes| DiskSeen::Writable { free_bytes };
    let owed = || JournalSeen::Good { owed: vec!["L261122143208-1X28ANW".into(), "L2".into()] };
    let check = |change, verdict, zh, en| check(Subject::Journal, change, verdict, zh, en);
    check(
        Box::new(with(false, JournalSeen::None, DiskSeen::None)) as Box<dyn FnOnce(&mut Seen)>,
        Unchecked,
        "还不存在",
        "not exist",
    );
    check(Box::new(with(false, JournalSeen::None, disk(None))), Good, "没有未送到的结果", "no result waits");
    check(Box::new(with(false, JournalSeen::None, disk(Some(12_340_000_000)))), Good, "剩余 12.3 GB", "12.3 GB free");
    check(Box::new(with(false, JournalSeen::None, disk(Some(104_857_599)))), Broken, "只剩 104.8 MB", "make room");
    let full = DiskSeen::Unwritable { why: "full".into() };
    check(Box::new(with(false, owed(), full)), Broken, "：full", "cannot be written: full");
    check(
        Box::new(with(true, owed(), disk(None))),
        Look,
        "2 笔充值的结果还没送到服务器，最早的是 L261122143208-1X28ANW",
        "once it is connected",
    );
    check(Box::new(with(false, owed(), disk(None))), Look, "启动终端程序", "start the terminal program");
    check(Box::new(with(false, JournalSeen::Forbidden, disk(None))), Unchecked, "不能读", "may not read");
    let damaged = JournalSeen::Damaged { why: "line 7".into() };
    check(Box::new(with(false, damaged, disk(None))), Broken, "不要删除", "line 7");
}

#[test]
fn a_report_as_people_see_it() {
    let mut seen = well();
    seen.folder.running = true;
    seen.card = CardSeen::LeftAlone;
    seen.folder.journal = JournalSeen::Good { owed: vec!["L261122143208-1X28ANW".into()] };
    let server = server(&mut seen);
    let certificate = CertificateSeen { names: vec!["www.example.cn".into()], ..certificate() };
    server.tls = TlsSeen::Shown { certificate, verdict: Trust::WrongName };
    server.answer = AnswerSeen::NotAsked;
    seen.standing = Some(StandingSeen::NotAsked);
    let findings = judge(&seen);
    insta::assert_snapshot!("report-zh", report::text(&seen, &findings, Language::Chinese, false));
    insta::assert_snapshot!("report-en", report::text(&seen, &findings, Language::English, false));
    for language in [Language::Chinese, Language::English] {
        let text = report::text(&seen, &findings, language, false);
        assert!(text.lines().all(|line| line.width() < 80), "{text}");
    }
    let coloured = report::text(&seen, &findings, Language::English, true);
    let plain = coloured.replace("\u{1b}[0m", "").replace("\u{1b}[32m", "").replace("\u{1b}[33m", "");
    let plain = plain.replace("\u{1b}[1;31m", "").replace("\u{1b}[2m", "");
    assert_eq!(plain, report::text(&seen, &findings, Language::English, false), "colours move nothing");
    let all = report::text(&well(), &judge(&well()), Language::Chinese, false);
    assert!(all.ends_with("\n全部正常。"), "{all}");
    let json: serde_json::Value = serde_json::from_str(&report::json(&seen, &findings, Language::English)).unwrap();
    assert_eq!(json["findings"][5]["verdict"], "broken");
    assert_eq!(json["figures"]["server"]["tls"]["shown"]["certificate"]["days_left"], 38);
}
