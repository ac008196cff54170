//! Where renders are kept.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{OsStringValueParser, TypedValueParser};

/// What stands for the system's folder: `--cache` alone means it. A folder of that name is `./auto`.
const SYSTEM: &str = "auto";

/// Renders that are kept.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Keep {
    /// Keep what is rendered and use what was kept, so that only what changed is made again; in this folder, or in the
    /// system's folder for what can be made again
    #[arg(
        long,
        value_name = "FOLDER",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = SYSTEM,
        value_parser = OsStringValueParser::new().map(Kept::from),
        env = "TONMEISTER_CACHE"
    )]
    pub(crate) cache: Option<Kept>,
    /// How much is kept at most, in GiB [default: 20]
    #[arg(long, value_name = "GIB", allow_negative_numbers = true)]
    pub(crate) cache_size: Option<f64>,
}

/// A place for renders.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// None: an environment variable that is empty asks for nothing.
    Nowhere,
    /// The system's folder for what can be made again.
    System,
    /// This folder.
    Folder(PathBuf),
}

impl From<OsString> for Kept {
    fn from(text: OsString) -> Self {
        if text.is_empty() {
            Kept::Nowhere
        } else if text == SYSTEM {
            Kept::System
        } else {
            Kept::Folder(text.into())
        }
    }
}
