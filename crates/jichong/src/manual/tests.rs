//! What people read about the program agrees with the program: `--help`, the man pages, every command in the documents.

use std::fs;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use super::write;
use crate::cli::Cli;
use crate::config::Config;

/// Fewer commands than this in the documents would mean that they were not found.
const LEAST_COMMANDS: usize = 10;

/// Every command with the words that lead to it.
fn commands() -> Vec<(String, Command)> {
    fn walk(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        for child in command.get_subcommands() {
            walk(child, &format!("{path}-{}", child.get_name()), found);
        }
        found.push((path.to_owned(), command.clone()));
    }
    let mut root = Cli::command();
    root.build();
    let mut found = Vec::new();
    walk(&root, "jichong", &mut found);
    found
}

#[test]
fn every_command_and_argument_says_what_it_is() {
    for (name, command) in commands() {
        assert!(command.get_about().is_some(), "{name} has no help");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} {} has no help", argument.get_id());
        }
    }
}

#[test]
fn every_command_has_a_man_page_and_every_shell_its_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path()).expect("written");
    for (name, command) in commands() {
        let page = fs::read_to_string(folder.path().join(format!("man/man1/{name}.1"))).expect("a page");
        let about = command.get_about().expect("help").to_string();
        let first = about.split_whitespace().next().expect("a word");
        assert!(page.contains(".SH NAME") && page.contains(first), "{page}");
    }
    for (file, words) in [
        ("bash-completion/completions/jichong.bash", "--passphrase-file"),
        ("zsh/site-functions/_jichong", "#compdef jichong"),
        ("fish/vendor_completions.d/jichong.fish", "complete -c jichong"),
    ] {
        let text = fs::read_to_string(folder.path().join(file)).expect("completions");
        assert!(text.contains(words), "{file}");
    }
}

/// Those that are flags have their own help; serde's error about a wrong name lists the right ones.
#[test]
fn the_help_of_serve_and_the_shipped_file_name_every_setting() {
    let wrong = serde_json::from_value::<Config>(serde_json::json!({ "nonsense": 1 })).expect_err("no such setting");
    let wrong = wrong.to_string();
    let settings: Vec<&str> = wrong.split('`').skip(3).step_by(2).collect();
    assert!(settings.len() > 25, "{settings:?}");
    let (_, serve) = commands().into_iter().find(|(name, _)| name == "jichong-serve").expect("serve");
    let help = serve.clone().render_long_help().to_string();
    let file = fs::read_to_string(root().join("packaging/etc/jichong.toml")).expect("the shipped file");
    let tokens = ["vault_module", "vault_token", "vault_pin_file"];
    for setting in settings {
        let flag = format!("--{}", setting.replace('_', "-"));
        assert!(help.contains(setting) || help.contains(&flag), "{setting} is not in the help: {help}");
        assert!(file.contains(setting) || tokens.contains(&setting), "{setting} is not in the shipped file");
    }
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut files = vec![root().join("README.md"), root().join("README.zh.md"), root().join("ARCHITECTURE.md")];
    texts(&root().join("docs"), &mut files);
    texts(&root().join("packaging"), &mut files);
    let mut seen = 0;
    for file in files {
        let text = fs::read_to_string(&file).expect("a document");
        for line in said(&text) {
            seen += 1;
            if let Err(why) = understood(&line, &text) {
                panic!("{}: {line:?}\n{why}", file.display());
            }
        }
    }
    assert!(seen >= LEAST_COMMANDS, "only {seen} commands were found");
}

#[test]
fn a_command_that_is_not_there_is_found_out() {
    let typed = |line: &str| understood(&Said { line: line.to_owned(), whole: true }, "export JICHONG_SERVER=x");
    for wrong in ["jichong serf", "jichong serve --konfig x", "jichong terminal code", "jichong books --database"] {
        assert!(typed(wrong).is_err(), "{wrong}");
    }
    assert!(typed("jichong add operator …").is_ok() && typed("jichong sad operator …").is_err());
    assert!(typed("jichong terminal run --soft-keys x").is_ok() && typed("jichong terminal run --soft x").is_err());
    let text = "Run `jichong books`:\n\n```sh\nsystemctl stop jichong -x\nsudo -u jichong jichong serve \\\n    --check\n```\n";
    let found: Vec<_> = said(text).into_iter().map(|said| (said.line, said.whole)).collect();
    assert_eq!(found, [("jichong books".to_owned(), false), ("jichong serve --check".to_owned(), true)]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents, units and scripts in a folder.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            texts(&path, found);
        } else if ["", "md", "service", "toml", "ps1"].contains(&extension.as_str()) {
            found.push(path);
        }
    }
}

/// A command in a text.
#[derive(Debug)]
struct Said {
    line: String,
    /// It is there to be typed as it stands. Otherwise a sentence names it, or a unit whose settings are in another
    /// file, and arguments may be left out.
    whole: bool,
}

/// The commands of ours in a text: in shell blocks and units, in `code`.
fn said(text: &str) -> Vec<Said> {
    let mut found = Vec::new();
    let mut shell = false;
    for line in text.replace("\\\n", " ").lines() {
        if let Some(language) = line.trim().strip_prefix("```") {
            shell = ["sh", "bash", "powershell"].contains(&language);
        } else if shell || line.starts_with("ExecStart=") {
            found.extend(ours(line).into_iter().map(|line| Said { line, whole: shell }));
        } else {
            let code = line.split('`').skip(1).step_by(2).filter(|code| code.starts_with("jichong "));
            found.extend(code.flat_map(ours).map(|line| Said { line, whole: false }));
        }
    }
    found
}

/// The calls of our program in a line of a shell: from its name to the end of that command.
fn ours(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap_or_default();
    let is_ours =
        |word: &str| ["jichong", "jichong.exe"].contains(&word.rsplit(['/', '\\', '=']).next().unwrap_or_default());
    let mut found = Vec::new();
    for command in line.split(['|', ';', '&', '<', '>', '(', ')']) {
        // `sudo -u jichong jichong …` names a user first; `systemctl stop jichong` is no call of ours.
        let words: Vec<&str> = command.split_whitespace().collect();
        let call = if let ["sudo", "-u", _, call @ ..] = &*words { call } else { &words };
        if let [name, arguments @ ..] = call
            && is_ours(name)
        {
            found.push(format!("jichong {}", arguments.join(" ")).trim_end().to_owned());
        }
    }
    found
}

/// Whether the program understands a command; `…` stands for the rest of it, `COMMAND` for any. What the text around it
/// sets as a variable of ours need not be given.
fn understood(said: &Said, text: &str) -> Result<(), String> {
    let words = split(&said.line);
    let open = |word: &str| word.contains('…') || word == "COMMAND";
    if words.iter().any(|word| open(word)) {
        let mut command = &Cli::command();
        for word in words.iter().skip(1).take_while(|word| !open(word) && !word.starts_with('-')) {
            if !command.has_subcommands() {
                break;
            }
            command = command.find_subcommand(word).ok_or_else(|| format!("there is no {word}"))?;
        }
        return Ok(());
    }
    let Err(error) = Cli::command().try_get_matches_from(words) else { return Ok(()) };
    let kind = error.kind();
    let asks = kind == ErrorKind::DisplayHelp || kind == ErrorKind::DisplayVersion;
    let names =
        kind == ErrorKind::MissingRequiredArgument || kind == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) if kind == ErrorKind::MissingRequiredArgument => missing.as_slice(),
        Some(_) | None => &[],
    };
    let variable = |argument: &String| {
        let name = argument.trim_start_matches("--").split(' ').next().unwrap_or_default();
        format!("JICHONG_{}=", name.to_uppercase().replace('-', "_"))
    };
    let set = !missing.is_empty() && missing.iter().all(|argument| text.contains(&variable(argument)));
    if asks || set || (names && !said.whole) { Ok(()) } else { Err(error.to_string()) }
}

/// The words of a line as a shell splits them, quotes taken off.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(mark) if mark == letter => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter == ' ' => words.push(String::new()),
            Some(_) | None => words.last_mut().expect("a word").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
