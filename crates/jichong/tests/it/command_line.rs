//! The tools of an operator, run as programs.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) fn jichong(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jichong"))
        .args(arguments)
        .env_remove("JICHONG_DATABASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    match child.stdin.take().expect("an input").write_all(input.as_bytes()) {
        // A program that refuses need not read to the end.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written.expect("written"),
    }
    child.wait_with_output().expect("the program ends")
}

/// Makes a database as the server does at its first start.
pub(crate) fn found(database: &str) {
    let database = database.to_owned();
    let making = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async { store::Db::open(database).await.expect("the database opens").close().await });
    });
    making.join().expect("made");
}

pub(crate) fn says(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn card_check_passes_the_shipped_vectors_and_fails_a_changed_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../epurse/tests/vectors/load.json");
    let output = jichong(&["card", "check", file.to_str().expect("a path")], "");
    assert!(output.status.success() && says(&output).ends_with("\n7 passed, 0 failed\n"), "{}", says(&output));

    let folder = tempfile::tempdir().expect("a folder");
    let changed = folder.path().join("changed.json");
    let text = std::fs::read_to_string(file).expect("vectors").replace("ED0F8755", "ED0F8756");
    std::fs::write(&changed, text).expect("written");
    let output = jichong(&["card", "check", changed.to_str().expect("a path")], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(says(&output).ends_with("\n6 passed, 1 failed\n"), "{}", says(&output));

    let output = jichong(&["card", "check", "/nowhere.json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(says(&output).contains("/nowhere.json cannot be read"), "{}", says(&output));
}

#[test]
fn an_installation_is_set_up_and_its_books_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}/jichong.sqlite", folder.path().display());
    let run = |arguments: &[&str], input: &str| {
        let with_database = [arguments, &["--database", &database]].concat();
        jichong(&with_database, input)
    };
    found(&database);
    let output = run(&["add", "group", "示例集团", "--opening-quota", "1234"], "");
    assert!(output.status.success(), "{}", says(&output));
    let id = says(&output).split_whitespace().nth(1).expect("an id").to_owned();
    for wrong in [&["add", "group", "示例\n集团"][..], &["add", "operator", &id, "00\u{1b}[2J12"]] {
        let output = run(wrong, "correct horse\n");
        assert!(
            !output.status.success() && says(&output).contains("it holds the control character U+00"),
            "{output:?}"
        );
    }
    let output = run(&["add", "operator", &id, "0012"], "correct horse\n");
    assert!(output.status.success(), "{}", says(&output));
    let output = run(&["add", "operator", &id, "0012"], "correct horse\n");
    assert!(!output.status.success() && says(&output).contains("\"0012\" is taken"), "{}", says(&output));
    let output = run(&["add", "operator", &id, "0013"], "short\n");
    assert!(!output.status.success() && says(&output).contains("at least 8 characters"), "{}", says(&output));
    let staff = |role: &str, password: &str| {
        run(&["add", "staff", "--login", "liu", "--name", "刘会计", "--role", role], password)
    };
    let output = staff("boss", "correct horse\n");
    assert!(
        !output.status.success() && says(&output).contains("teller, finance, admin or auditor"),
        "{}",
        says(&output)
    );
    let output = staff("finance", "liu12345\n");
    assert!(!output.status.success() && says(&output).contains("first that people guess"), "{}", says(&output));
    let output = staff("finance", "correct horse\n");
    assert!(output.status.success() && says(&output).contains("signs in at /office"), "{}", says(&output));
    let output = staff("admin", "correct horse\n");
    assert!(!output.status.success() && says(&output).contains("\"liu\" is taken"), "{}", says(&output));
    let output = run(&["add", "terminal", &id, "000001000050"], "");
    assert!(output.status.success() && says(&output).contains("one-time code"), "{}", says(&output));
    let output = run(&["add", "terminal", &id, "50"], "");
    assert!(!output.status.success() && says(&output).contains("12 hexadecimal digits"), "{}", says(&output));
    let output = run(&["books"], "");
    assert!(output.status.success() && says(&output).contains("1,234.00"), "{}", says(&output));
}

#[test]
fn a_terminal_gets_new_codes_until_it_is_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}/jichong.sqlite", folder.path().display());
    let run = |arguments: &[&str]| jichong(&[arguments, &["--database", &database]].concat(), "");
    found(&database);
    let output = run(&["add", "group", "示例集团"]);
    let group = says(&output).split_whitespace().nth(1).expect("an id").to_owned();
    let code = |output: &Output| {
        assert!(output.status.success(), "{}", says(output));
        let said = says(output);
        let code = said.lines().map(str::trim).find(|line| line.len() == 19 && line.matches('-').count() == 3);
        code.unwrap_or_else(|| panic!("no code in {said}")).to_owned()
    };
    let first = code(&run(&["add", "terminal", &group, "000001000050"]));
    let second = code(&run(&["terminal", "code", "000001000050"]));
    assert_ne!(first, second);
    for command in ["code", "revoke"] {
        for (number, expected) in [
            ("000001000051", "terminal 000001000051: there is none in this database"),
            ("50", "number: 12 hexadecimal digits are expected, is \"50\""),
        ] {
            let output = run(&["terminal", command, number]);
            assert_eq!(output.status.code(), Some(2), "{}", says(&output));
            assert!(says(&output).contains(expected), "{}", says(&output));
        }
    }
    let output = run(&["terminal", "revoke", "000001000050"]);
    assert!(output.status.success() && says(&output).contains("000001000050 is revoked"), "{}", says(&output));
    let output = run(&["terminal", "code", "000001000050"]);
    assert!(!output.status.success() && says(&output).contains("is revoked; its number"), "{}", says(&output));
}

/// A misspelled address is refused by every tool, and nothing is made there.
#[test]
fn no_tool_makes_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("empty.sqlite"), "").expect("written");
    let url = |name: &str| format!("sqlite:{}", path(name).display());
    let commands: [&[&str]; 6] = [
        &["books"],
        &["add", "group", "示例集团"],
        &["add", "terminal", "7", "000001000050"],
        &["terminal", "revoke", "000001000050"],
        &["staff", "deactivate", "liu"],
        &["operator", "activate", "0012"],
    ];
    for command in commands {
        for name in ["jichogn.sqlite", "empty.sqlite"] {
            let output = jichong(&[command, &["--database", &url(name)]].concat(), "");
            let expected = format!("there is no Jichong database at {}", url(name));
            assert_eq!(output.status.code(), Some(2), "{command:?} {name}: {}", says(&output));
            assert!(says(&output).contains(&expected), "{command:?} {name}: {}", says(&output));
        }
    }
    assert!(!path("jichogn.sqlite").exists());
    assert_eq!(std::fs::metadata(path("empty.sqlite")).expect("still there").len(), 0);
}

#[test]
fn an_account_gets_a_new_password_and_is_deactivated_and_activated() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}/jichong.sqlite", folder.path().display());
    let run = |arguments: &[&str], input: &str| {
        let output = jichong(&[arguments, &["--database", &database]].concat(), input);
        (output.status.code(), says(&output))
    };
    found(&database);
    let added = run(&["add", "staff", "--login", "liu", "--name", "刘会计", "--role", "finance"], "correct horse\n");
    assert_eq!(added.0, Some(0), "{}", added.1);
    for (arguments, input, status, expected) in [
        (["staff", "password", "Liu"], "another horse\n", 0, "has a new password and is signed out everywhere"),
        (["staff", "password", "liu"], "short\n", 2, "at least 8 characters"),
        (["staff", "password", "liu"], "liu12345\n", 2, "first that people guess"),
        (["staff", "deactivate", "liu"], "", 0, "can no longer sign in"),
        (["staff", "deactivate", "liu"], "", 0, "can no longer sign in"),
        (["staff", "password", "liu"], "another horse\n", 2, "activate it first"),
        (["staff", "activate", "liu"], "", 0, "can sign in again"),
        (["staff", "activate", "lui"], "", 2, "no member of staff has the login \"lui\""),
        (["operator", "deactivate", "liu"], "", 2, "no operator has the login \"liu\""),
    ] {
        let (code, said) = run(&arguments, input);
        assert!(code == Some(status) && said.contains(expected), "{arguments:?} {input:?}: {said}");
    }
}

#[test]
fn a_configuration_is_checked_at_start_and_the_error_names_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let (keys, passphrase) = (path("keys.age"), path("passphrase"));
    std::fs::write(&passphrase, "a long passphrase\n").expect("written");
    let allow = |mode| std::fs::set_permissions(&passphrase, Permissions::from_mode(mode)).expect("allowed");
    let plain = r#"[{"class":"01","version":1,"algorithm":"3des","mlk":"00112233445566778899AABBCCDDEEFF","mtk":"FFEEDDCCBBAA99887766554433221100"}]"#;
    for open in [0o640, 0o604, 0o620] {
        allow(open);
        let output = jichong(&["vault", "seal", &keys, "--passphrase-file", &passphrase], plain);
        assert_eq!(output.status.code(), Some(2), "{}", says(&output));
        assert!(says(&output).contains(&format!("run: chmod 600 {passphrase}")), "{}", says(&output));
    }
    allow(0o600);
    let long = format!("{plain}{}", " ".repeat(70_000));
    let output = jichong(&["vault", "seal", &keys, "--passphrase-file", &passphrase], &long);
    assert!(says(&output).contains("fewer than 65535 bytes"), "{}", says(&output));
    let output = jichong(&["vault", "seal", &keys, "--passphrase-file", &passphrase], plain);
    assert!(output.status.success() && says(&output).contains("Check values"), "{}", says(&output));
    assert!(!says(&output).contains("00112233445566778899"), "no key is printed");

    let good = format!(
        "database = \"sqlite:{}\"\npublic_url = \"http://127.0.0.1\"\nvault = \"{keys}\"\nvault_passphrase_file = \"{passphrase}\"\n",
        path("jichong.sqlite")
    );
    let check = |text: &str| {
        let file = path("jichong.toml");
        std::fs::write(&file, text).expect("written");
        jichong(&["serve", "--check", "--config", &file], "")
    };
    let output = check(&good);
    assert!(output.status.success() && says(&output).contains("the configuration is good"), "{}", says(&output));
    for (text, expected) in [
        (good.replace("sqlite:", "mysql:"), "database: must begin with sqlite: or postgres:"),
        (good.replace("public_url", "public_ur1"), "public_ur1"),
        (good.replace("http://", "ftp://"), "public_url: must begin with"),
        (good.replace("keys.age", "lost.age"), "vault: "),
        (format!("{good}session_idle_minutes = 1\n"), "session_idle_minutes: 2 to 480 are allowed, is 1"),
        (format!("{good}listen = \"here\"\n"), "listen"),
        (format!("{good}tls_key = \"{keys}\"\n"), "give both or neither"),
        (format!("{good}card_layout = \"square\"\n"), "card_layout"),
        (format!("{good}deposit_most = 0\n"), "deposit_most: yuan are expected, 1 or more, is 0"),
        (format!("{good}deposit_two_people_above = -1\n"), "deposit_two_people_above: yuan are expected, 0 or more"),
    ] {
        let output = check(&text);
        assert_eq!(output.status.code(), Some(2), "{}", says(&output));
        assert!(says(&output).contains(expected), "{expected:?} is not in {}", says(&output));
    }
    allow(0o644);
    let output = check(&good);
    assert!(says(&output).contains("chmod 600") && output.status.code() == Some(2), "{}", says(&output));
    allow(0o600);
    std::fs::write(&passphrase, "another passphrase\n").expect("written");
    let output = check(&good);
    assert!(says(&output).contains("passphrase") && output.status.code() == Some(2), "{}", says(&output));
}
