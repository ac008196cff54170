//! What `release` takes.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Work;

/// `release`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Release {
    /// The album document
    #[arg(required_unless_present = "verify")]
    pub(crate) album: Option<PathBuf>,
    /// The folder to make the release in
    #[arg(short, long, value_name = "DIR", required_unless_present_any = ["verify", "audition"])]
    pub(crate) output: Option<PathBuf>,
    /// Look at everything, listen, show the plan and what services will make of it; write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Look at a finished release again: every file there, unchanged, and playable
    #[arg(long, value_name = "DIR", conflicts_with_all = ["album", "output", "dry_run"])]
    pub(crate) verify: Option<PathBuf>,
    /// Write each stage of the mastering in and out, at the same loudness, into a folder, and tell what it did; with -o
    /// the gains are those of that release
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "verify"])]
    pub(crate) audition: Option<PathBuf>,
    /// From where to where in each song the audition runs, in seconds [default: the loudest 20 s]
    #[arg(long, value_name = "FROM-TO", value_parser = range, requires = "audition")]
    pub(crate) range: Option<(f64, f64)>,
    /// A file of targets in place of the built-in ones
    #[arg(long, value_name = "FILE", env = "TONMEISTER_TARGETS")]
    pub(crate) targets: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) work: Work,
}

/// Two times in seconds: `30-50`.
fn range(text: &str) -> Result<(f64, f64), String> {
    let wrong = || format!("expected two times in seconds, such as 30-50, found {text}");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let seconds = |part: &str| part.trim().parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0).ok_or_else(wrong);
    let (from, to) = (seconds(from)?, seconds(to)?);
    if from < to { Ok((from, to)) } else { Err(wrong()) }
}
