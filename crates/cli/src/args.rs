//! What can be asked, described once: parser, help, man pages and completions come from here.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::exit::Outcome;

/// Mixes and masters songs that are written as text.
#[derive(Debug, Parser)]
#[command(
    name = "tonmeister",
    version,
    max_term_width = 100,
    long_about = "Mixes and masters songs that are written as text.\n\n\
        A folder of stems becomes `song.toml` (new); the document becomes a mix (mix); the mix becomes a master \
        (master). The same document gives the same samples on every machine.",
    after_help = Outcome::help(),
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    /// Print the result as one JSON object on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// No progress bars and no remarks, only results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// When to use color.
#[derive(Debug, ClapArgs)]
pub(crate) struct Color {
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: When,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// From here on, for everything that prints.
    pub(crate) fn write_global(&self) {
        match self.color {
            When::Auto => anstream::ColorChoice::Auto,
            When::Always => anstream::ColorChoice::Always,
            When::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a song.toml from a folder of stems
    ///
    /// Names tell what a file plays; relatives share a bus; rates and lengths are compared. Nothing is done to the
    /// sound: the new document renders to the plain sum of the stems. Files whose names say that they are a mix, a
    /// master, a reference or a click are left out, with a note.
    New(New),
    /// Print a man page, or write all of them to a folder
    Man(Man),
    /// Print the completions for a shell
    Completions(Completions),
}

/// `new`.
#[derive(Debug, ClapArgs)]
pub(crate) struct New {
    /// The folder of stems
    pub(crate) stems: PathBuf,
    /// Where song.toml goes [default: the folder of stems]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// The song's title [default: made from the folder's name]
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Replace a song.toml that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave out files that cannot be read, instead of giving up
    #[arg(long)]
    pub(crate) skip_unreadable: bool,
}

/// `man`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// The verb to describe [default: tonmeister itself]
    pub(crate) verb: Option<String>,
    /// Write every page to this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    pub(crate) all: Option<PathBuf>,
}

/// `completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// For which shell
    pub(crate) shell: clap_complete::Shell,
}
