//! The person at the keyboard: what they are asked and what they answer.
//!
//! Without a terminal, questions are still asked (on standard error) and each answer is a line of standard input.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

/// Longer than any answer. Set aside before reading, for a text that grows leaves pieces of itself behind.
const ROOM: usize = 256;

/// An answer that is not shown while it is typed, and wiped afterwards.
pub(super) fn hidden(question: &str) -> Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(question).context("the terminal cannot be read")?;
        return Ok(Zeroizing::new(typed));
    }
    answer(question)
}

/// An answer that may be seen.
pub(super) fn answer(question: &str) -> Result<Zeroizing<String>> {
    let mut out = io::stderr().lock();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).context("standard error cannot be written")?;
    let mut line = Zeroizing::new(String::with_capacity(ROOM));
    let read = io::stdin().read_line(&mut line).context("standard input cannot be read")?;
    if read == 0 {
        bail!("no answer came: standard input has ended");
    }
    let length = line.trim_end().len();
    line.truncate(length);
    Ok(line)
}

/// Whether the answer is yes. Anything else is no: these are questions where a slip must not pass.
pub(super) fn yes(question: &str) -> Result<bool> {
    let answer = answer(&format!("{question} (yes or no): "))?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
