//! Writes every page in every state to files, to be looked at in a browser:
//! `cargo run -p portal --example gallery -- OUT_DIR`

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "gallery".into()));
    let (base, files) = portal::gallery::files();
    fs::create_dir_all(out.join("assets"))?;
    for (name, bytes) in files {
        fs::write(out.join("assets").join(name), bytes)?;
    }
    for lang in portal::Lang::ALL {
        for (name, html) in portal::gallery::pages(lang) {
            fs::write(out.join(format!("{name}.{}.html", lang.tag())), html.replace(&base, "assets/"))?;
        }
    }
    Ok(())
}
