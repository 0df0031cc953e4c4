//! `jichong bank`, and a server that is configured by what it prints.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::command_line::{jichong, says};

/// A program that does not outlive its test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn what_the_bank_prints_configures_a_server_and_mistakes_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let bank = Command::new(env!("CARGO_BIN_EXE_jichong"))
        .args(["--log", "warn", "bank", "--dir", &path("bank"), "--listen", "127.0.0.1:0", "--merchant-name", "一卡通"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut bank = Ends(bank.expect("the bank starts"));
    let mut said = BufReader::new(bank.0.stdout.take().expect("its output"));
    let mut welcome = String::new();
    while !welcome.contains("Ctrl-C") {
        let read = said.read_line(&mut welcome).expect("text");
        assert!(read > 0, "the bank did not start; it said {welcome:?}");
    }
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let at = |label: &str| {
        let rest = welcome.split_once(label).expect("an address").1;
        rest.split_whitespace().next().expect("an address").to_owned()
    };
    for (address, words) in [(at("测试账户"), "6216 2610 0000 0000 018"), (at("控制台"), "还没有订单")] {
        let page = http.get(&address).send().await.expect("a page").text().await.expect("a text");
        assert!(page.contains(words), "{address}: {page}");
    }

    let settings: Vec<&str> = welcome.lines().map(str::trim).filter(|line| line.starts_with("unionpay_")).collect();
    let good = format!("{}\n{}\n", server(&path), settings.join("\n"));
    let check = |text: &str| {
        fs::write(path("jichong.toml"), text).expect("written");
        jichong(&["serve", "--check", "--config", &path("jichong.toml")], "")
    };
    let output = check(&good);
    assert!(output.status.success() && says(&output).contains("the configuration is good"), "{}", says(&output));
    fs::write(path("not.cer"), "no certificate").expect("written");
    fs::write(path("open.password"), "000000").expect("written");
    for (text, expected) in [
        (without(&good, "unionpay_key "), "unionpay_key: is missing, while unionpay_merchant is given"),
        (good.replace("777290058110048", "77729005811004"), "unionpay_merchant: 15 letters or digits are expected"),
        (good.replace("query_url = \"http", "query_url = \"ftp"), "unionpay_query_url: an http or https address"),
        (good.clone() + "unionpay_cashiers = [\"https://*.com.cn\"]\n", "unionpay_cashiers: https://host is expected"),
        (good.replace("merchant.pfx", "lost.pfx"), "unionpay_key: "),
        (good.replace("root.cer", "../not.cer"), "unionpay_authorities"),
        (good.replace("merchant.password", "../open.password"), "run: chmod 600"),
        (good.replace("merchant.password", "../passphrase"), "is this its password?"),
    ] {
        let output = check(&text);
        assert_eq!(output.status.code(), Some(2), "{}", says(&output));
        assert!(says(&output).contains(expected), "{expected:?} is not in {}", says(&output));
    }

    let asked = Command::new("kill").arg(bank.0.id().to_string()).status().expect("kill");
    assert!(asked.success() && bank.0.wait().expect("an end").success(), "it stops when it is told to");
}

/// A server's settings but for the gateway, and its key file.
fn server(path: &impl Fn(&str) -> String) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let (keys, passphrase) = (path("keys.age"), path("passphrase"));
    fs::write(&passphrase, "a long passphrase\n").expect("written");
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).expect("closed to others");
    let plain = r#"[{"class":"01","version":1,"algorithm":"3des","mlk":"00112233445566778899AABBCCDDEEFF","mtk":"FFEEDDCCBBAA99887766554433221100"}]"#;
    let output = jichong(&["vault", "seal", &keys, "--passphrase-file", &passphrase], plain);
    assert!(output.status.success(), "{}", says(&output));
    format!(
        "database = \"sqlite:{}\"\npublic_url = \"http://127.0.0.1\"\nvault = \"{keys}\"\nvault_passphrase_file = \"{passphrase}\"",
        path("jichong.sqlite")
    )
}

fn without(text: &str, setting: &str) -> String {
    text.lines().filter(|line| !line.starts_with(setting)).collect::<Vec<_>>().join("\n")
}
