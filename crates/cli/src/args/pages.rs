//! What the program tells of itself: schemas, man pages, completions.

use std::path::PathBuf;

use clap::Args as ClapArgs;

/// `schema`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Schema {
    /// That of album.toml in place of song.toml's
    #[arg(long)]
    pub(crate) album: bool,
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
