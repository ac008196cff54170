//! Man pages and completions, made from [`crate::args`].

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use tonmeister::Failure;

use crate::args::Args;

/// The completions for a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "tonmeister", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The man page of a verb, or of the command itself.
pub(crate) fn man(verb: Option<&str>) -> Result<String, Failure> {
    let command = command();
    let page = match verb {
        None => command,
        Some(verb) => command.get_subcommands().find(|c| c.get_name() == verb).cloned().ok_or_else(|| {
            let verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            Failure::Usage(format!("there is no verb `{verb}`; expected one of {}", verbs.join(", ")))
        })?,
    };
    Ok(roff(page))
}

/// Every page, into a folder: `tonmeister.1`, `tonmeister-mix.1` and so on. Returns how many.
pub(crate) fn write_all(folder: &Path) -> Result<usize, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::output(folder, error.to_string()))?;
    let command = command();
    let pages = std::iter::once(command.clone()).chain(command.get_subcommands().cloned());
    let mut written = 0;
    for page in pages {
        let path = folder.join(format!("{}.1", page.get_display_name().unwrap_or(page.get_name())));
        std::fs::write(&path, roff(page)).map_err(|error| Failure::output(&path, error.to_string()))?;
        written += 1;
    }
    Ok(written)
}

/// The command with every name worked out ("tonmeister-mix") and without `help`, which would be a page of its own.
fn command() -> Command {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    command
}

fn roff(page: Command) -> String {
    let mut text = Vec::new();
    let source = concat!("tonmeister ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(page)
        .manual("Tonmeister")
        .source(source)
        .render(&mut text)
        .expect("writing to memory does not fail");
    String::from_utf8_lossy(&text).into_owned()
}
