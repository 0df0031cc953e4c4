//! The doctor at the doors of real servers, most of them with something wrong, and at real folders.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, http::StatusCode};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use link::{About, AskStanding, Standing};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::{NamedTempFile, TempDir};
use terminal::doctor::{Consultation, Diagnosis, Language, Subject, Verdict, examine};
use terminal::{Readers, SoftReader};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::cards::Stand;
use crate::purse::cards;
use crate::server::{TERMINAL, enrolled, serve};

/// Days in seconds.
const DAY: i64 = 86_400;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Authority of the test");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn file(authority: &Authority) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    file
}

/// A server on TLS whose certificate is for `name` and valid `from` and `until` so many days from now; its clock is
/// `ahead_s` ahead of ours.
async fn secure(authority: &Authority, name: &str, from: i64, until: i64, ahead_s: i64) -> String {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let day = |days: i64| {
        let seconds = u64::try_from(now_s() + days * DAY + DAY / 2).unwrap();
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    (params.not_before, params.not_after) = (day(from), day(until));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let (listener, acceptor) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(config)));
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, ahead_s).await.ok();
                }
            });
        }
    });
    format!("https://localhost:{port}")
}

/// Says who it is to whoever asks anything.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, ahead_s: i64) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await?;
        let body = serde_json::to_string(&about(ahead_s)).unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await?;
        stream.flush().await?;
    }
}

fn about(ahead_s: i64) -> About {
    About {
        name: "jichong".into(),
        program: env!("CARGO_PKG_VERSION").into(),
        version: link::VERSION,
        now_us: (now_s() + ahead_s) * 1_000_000,
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of the test's servers")]
fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn asked(server: &str, ca_file: Option<&Path>, state_dir: &Path) -> Consultation {
    Consultation {
        server: Some(server.parse().unwrap()),
        state_dir: state_dir.to_owned(),
        ca_file: ca_file.map(Path::to_owned),
        readers: None,
        wait_card: Duration::ZERO,
    }
}

/// Sees that the doctor says so of each subject, in both languages.
fn check(found: &Diagnosis, expected: &[(Subject, Verdict, &str, &str)]) {
    // As one line, since words may stand at a line's end.
    let said = |language| found.text(language, false).split_whitespace().collect::<String>();
    let (zh, en) = (said(Language::Chinese), said(Language::English));
    for (subject, verdict, in_zh, in_en) in expected {
        assert_eq!(found.verdict(*subject), *verdict, "{subject:?}: {}", found.text(Language::English, false));
        assert!(zh.contains(&in_zh.replace(' ', "")), "{in_zh:?} is not in {}", found.text(Language::Chinese, false));
        assert!(en.contains(&in_en.replace(' ', "")), "{in_en:?} is not in {}", found.text(Language::English, false));
    }
}

#[tokio::test]
async fn certificates_good_and_bad() {
    use Subject::{Certificate, Clock, Network, Version};
    use Verdict::{Broken, Good, Look, Unchecked};
    let (ours, other, state) = (authority(), authority(), TempDir::new().unwrap());
    let (ours_file, other_file) = (file(&ours), file(&other));
    let look = async |server: &str, ca: &NamedTempFile| examine(asked(server, Some(ca.path()), state.path())).await;

    let good = secure(&ours, "localhost", -10, 60, 0).await;
    check(
        &look(&good, &ours_file).await,
        &[
            (Certificate, Good, "还剩 60 天", "60 more days"),
            (Certificate, Good, "Authority of the test 签发", "issued by Authority of the test"),
            (Network, Good, "往返", "there and back in"),
            (Clock, Good, "与服务器一致", "as the server's"),
            (Version, Good, "与服务器相同", "the same as the server's"),
        ],
    );
    check(
        &look(&good, &other_file).await,
        &[
            (Certificate, Broken, "不信任证书的颁发者 Authority of the test", "does not trust who issued"),
            (Network, Good, "能连上 127.0.0.1:", "takes connections"),
            (Clock, Unchecked, "没有问到服务器的时间", "could not be asked"),
        ],
    );
    let soon = secure(&ours, "localhost", -10, 5, 0).await;
    check(&look(&soon, &ours_file).await, &[(Certificate, Look, "还剩 5 天", "it ends soon")]);
    let over = secure(&ours, "localhost", -90, -3, 0).await;
    check(
        &look(&over, &ours_file).await,
        &[(Certificate, Broken, "过期", "ended on"), (Clock, Good, "与服务器一致", "as the server's")],
    );
    let early = secure(&ours, "localhost", 3, 90, 0).await;
    check(&look(&early, &ours_file).await, &[(Certificate, Broken, "起才有效", "begins on")]);
    let elsewhere = secure(&ours, "topup.example.cn", -10, 60, 0).await;
    check(
        &look(&elsewhere, &ours_file).await,
        &[(Certificate, Broken, "不是给 localhost 的，而是给 topup.example.cn 的", "not for localhost but for")],
    );

    // By the server's own clock its certificate is valid: then it is ours that is wrong, by so much.
    let long_ago = secure(&ours, "localhost", -900, -800, -850 * DAY).await;
    check(
        &look(&long_ago, &ours_file).await,
        &[
            (Certificate, Broken, "是这台电脑的时钟不对", "this computer's clock is wrong"),
            (Clock, Broken, "快 850 天", "850 days"),
        ],
    );
    // A certificate that nobody vouches for is not believed about the time either.
    check(
        &look(&long_ago, &other_file).await,
        &[(Certificate, Broken, "不信任", "does not trust"), (Clock, Unchecked, "没有问到", "could not be asked")],
    );
    let empty = NamedTempFile::new().unwrap();
    check(&look(&good, &empty).await, &[(Certificate, Broken, "--ca 的文件不能用", "cannot be used")]);
}

#[tokio::test]
async fn wrong_ways_to_a_server() {
    use Subject::{Certificate, Clock, Network, Version};
    use Verdict::{Broken, Look, Unchecked};
    let state = TempDir::new().unwrap();
    let look = async |server: &str| examine(asked(server, None, state.path())).await;

    check(
        &look("https://no-such-host.invalid").await,
        &[
            (Network, Broken, "找不到主机 no-such-host.invalid", "is not found"),
            (Certificate, Unchecked, "没有连上", ""),
        ],
    );
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    check(
        &look(&format!("https://{closed}")).await,
        &[(Network, Broken, "拒绝连接", "refuses connections"), (Version, Unchecked, "没有问到", "")],
    );

    // A server of something else, which says nothing but the time: by that, this clock is two minutes ahead.
    let strange = Router::new().fallback(|| async {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(u64::try_from(now_s() - 120).unwrap()));
        (StatusCode::NOT_FOUND, [("date", date)], "no such page").into_response()
    });
    let strange = serve(strange).await.to_string();
    let ca = file(&authority());
    let as_tls = format!("https://{}", strange.trim_start_matches("http://"));
    check(
        &examine(asked(&as_tls, Some(ca.path()), state.path())).await,
        &[(Network, Broken, "说的不是 TLS", "does not speak TLS"), (Certificate, Unchecked, "没有连上", "")],
    );
    check(
        &look(&strange).await,
        &[
            (Network, Broken, "不是集充服务器，或者它太旧（HTTP 404）", "not a Jichong server"),
            (Clock, Look, "快 2 分", "2 min"),
        ],
    );

    for (version, verdict, zh, en) in [
        (link::VERSION, Look, "服务器 9.9.9", "9.9.9 at the server"),
        (link::VERSION + 1, Broken, "通信版本不同", "different versions"),
    ] {
        let newer = About { program: "9.9.9".into(), version, ..about(-40) };
        let server = serve(Router::new().route(link::ABOUT_PATH, get(async || Json(newer)))).await;
        check(
            &look(&server.to_string()).await,
            &[(Version, verdict, zh, en), (Version, verdict, "/download/jichong", "/download/jichong")],
        );
    }
}

/// A server that says how the terminal of `key` stands, to that terminal alone.
async fn standing(key: VerifyingKey, says: Arc<Mutex<Option<Standing>>>) -> String {
    let stand = move |Json(asked): Json<AskStanding>| async move {
        let signature = Signature::from_slice(asked.signature.as_ref()).unwrap();
        let text = link::standing_text(&asked.terminal, asked.now_us);
        assert!(asked.terminal == TERMINAL && key.verify(&text, &signature).is_ok(), "{asked:?}");
        match says.lock().unwrap().clone() {
            Some(standing) => Json(standing).into_response(),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    };
    let about = async || -> Response { Json(about(0)).into_response() };
    let router = Router::new().route(link::ABOUT_PATH, get(about)).route(link::STANDING_PATH, post(stand));
    serve(router).await.to_string()
}

#[tokio::test]
async fn the_terminals_folder_and_how_it_stands() {
    use Subject::{Enrolment, Journal};
    use Verdict::{Broken, Good, Look, Unchecked};
    let state = TempDir::new().unwrap();
    let nowhere = state.path().join("not there");
    let says = Arc::new(Mutex::new(None));
    let server = standing(enrolled(state.path()).await, Arc::clone(&says)).await;
    let look = async |path: &Path| examine(asked(&server, None, path)).await;

    check(
        &look(&nowhere).await,
        &[(Enrolment, Broken, "没有登记", "not enrolled"), (Journal, Unchecked, "还不存在", "does not exist")],
    );
    assert!(!nowhere.exists(), "the doctor makes nothing");

    let good = |connected| Some(Standing::Good { name: "窗口一".into(), connected });
    for (standing, verdict, zh, en) in [
        (None, Look, "没有说是否认得它", "did not say"),
        (good(false), Good, "终端程序没有运行", "not running"),
        (good(true), Look, "密钥被复制了", "the key was copied"),
        (Some(Standing::Revoked), Broken, "停用", "taken out of use"),
        (Some(Standing::Unknown), Broken, "不认得", "does not know"),
    ] {
        *says.lock().unwrap() = standing;
        check(
            &look(state.path()).await,
            &[(Enrolment, verdict, zh, en), (Journal, Good, "没有未送到的结果", "no result")],
        );
    }
    *says.lock().unwrap() = good(true);
    // Nobody said where the server is: it was enrolled somewhere.
    let found = examine(Consultation { server: None, ..asked(&server, None, state.path()) }).await;
    assert!(found.server().is_some_and(|server| server.starts_with("http://127.0.0.1:")), "{:?}", found.server());

    // A load that was begun and never ended, and one whose result was not acknowledged; the last line is torn.
    let journal = state.path().join("journal.jsonl");
    let text = r#"{"begun":{"script":"L1"}}
{"begun":{"script":"L2"}}
{"ended":{"script":"L2","end":"completed","answers":[]}}
{"acknowledged":{"script":"L2"}}
{"begun":{"script":"L3"}}
{"ended":{"scri"#;
    std::fs::write(&journal, text).unwrap();
    check(
        &look(state.path()).await,
        &[(Journal, Look, "2 笔充值的结果还没送到服务器，最早的是 L1", "still to be delivered: 2")],
    );
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), text, "it was only looked at");

    // Beside a terminal that runs: nothing is taken from it.
    let config = terminal::Config {
        server: "http://127.0.0.1:9".parse().unwrap(),
        state_dir: state.path().to_owned(),
        ca_file: None,
        exchange_limit: terminal::EXCHANGE_LIMIT,
    };
    let stand = Stand::agreeable();
    stand.tap();
    let running = terminal::start(config, stand.readers(), crate::server::entropy(1)).unwrap();
    let found = examine(Consultation { readers: Some(stand.readers()), ..asked(&server, None, state.path()) }).await;
    check(
        &found,
        &[
            (Enrolment, Good, "已连上服务器", "connected"),
            (Subject::Card, Unchecked, "由它读", "reads the cards itself"),
            (Journal, Look, "连上服务器后会自动送出", "go out by themselves once it is connected"),
        ],
    );
    assert!(found.text(Language::Chinese, false).contains("正在运行"));
    assert_eq!(stand.powered(), 0, "the card was left alone");
    running.stop().await;

    std::fs::write(&journal, "{\"begun\":{}}\n").unwrap();
    check(&look(state.path()).await, &[(Journal, Broken, "不要删除", "line 1")]);
    std::fs::write(state.path().join("terminal.json"), "rubbish").unwrap();
    check(&look(state.path()).await, &[(Enrolment, Broken, "已损坏", "is damaged")]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_others_can_read_is_found_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let state = TempDir::new().unwrap();
    enrolled(state.path()).await;
    let file = state.path().join("terminal.json");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let found = examine(asked("http://127.0.0.1:9", None, state.path())).await;
    check(&found, &[(Subject::Enrolment, Verdict::Broken, "权限 644", "chmod 600")]);
    assert!(!found.sound());
}

#[tokio::test]
async fn cards_are_read_and_not_changed() {
    use Subject::{Card, Readers as ReadersOf, Service};
    use Verdict::{Broken, Good, Look, Unchecked};
    let state = TempDir::new().unwrap();
    let look = async |readers: Arc<dyn Readers>, wait_card| {
        let asked = asked("http://127.0.0.1:9", None, state.path());
        examine(Consultation { readers: Some(readers), wait_card, ..asked }).await
    };
    let soft = SoftReader::open("Software reader", None, cards()).unwrap();
    let found = look(Arc::new(soft.clone()), Duration::ZERO).await;
    check(
        &found,
        &[(Service, Good, "", ""), (ReadersOf, Good, "1 台：", "1: "), (Card, Unchecked, "没有卡", "no card")],
    );

    let before = soft.desk().borrow().clone();
    let cards = before.cards.clone();
    for card in &cards {
        soft.tap(&card.number).unwrap();
        let found = look(Arc::new(soft.clone()), Duration::ZERO).await;
        let (_, tail) = card.number.split_at(card.number.len() - 4);
        check(&found, &[(Card, Good, &format!("尾号 {tail}"), &format!("ending in {tail}"))]);
        assert!(!found.text(Language::Chinese, false).contains(&card.number), "the number is masked");
        assert!(!found.json(Language::English).contains(&card.number), "there too");
    }
    soft.remove();
    assert_eq!(*soft.desk().borrow(), before, "nothing on a card has changed");

    // One that comes while the doctor waits.
    let (waiting, tapped) = (Arc::new(soft.clone()), soft.clone());
    let (found, ()) = tokio::join!(look(waiting, Duration::from_secs(20)), async {
        tapped.tap(&cards[0].number).unwrap();
    });
    check(&found, &[(Card, Good, "尾号", "ending in")]);

    let stand = Stand::new(|_| Ok(vec![0x6A, 0x82]));
    stand.tap();
    check(
        &look(stand.readers(), Duration::ZERO).await,
        &[(Card, Look, "不是本系统的卡（ATR 3B00）", "none of this system")],
    );
    let stand = Stand::agreeable();
    stand.tap();
    check(&look(stand.readers(), Duration::ZERO).await, &[(Card, Broken, "读不懂", "makes no sense")]);
    let stand = Stand::new(|_| Err(terminal::CardLost));
    stand.tap();
    check(&look(stand.readers(), Duration::ZERO).await, &[(Card, Broken, "没有读完就断了", "was lost")]);
    let stand = Stand::agreeable();
    for (health, subject, zh, en) in [
        (terminal::Health::NoService, Service, "没有在运行", "is not running"),
        (terminal::Health::Forbidden, Service, "不让这个用户使用", "does not let this user in"),
        (terminal::Health::MuteCard, Card, "没有应答", "does not answer"),
    ] {
        stand.turn(health);
        check(&look(stand.readers(), Duration::ZERO).await, &[(subject, Broken, zh, en)]);
    }
    stand.unplug();
    stand.turn(terminal::Health::NoReader);
    check(
        &look(stand.readers(), Duration::ZERO).await,
        &[(ReadersOf, Broken, "没有找到读卡器", "no reader was found")],
    );
}
