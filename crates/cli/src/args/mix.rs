//! What `mix` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use tonmeister::Spot;

use super::{Bits, Hearing, Keep, Work};

/// `mix`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Mix {
    /// The song document
    pub(crate) song: PathBuf,
    /// The file to write, .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) bits: Bits,
    /// Make a stretch of the song only, from here on: seconds, minutes and seconds (1:23.5), a bar and beat (17|1), or a
    /// marker or range of the document. Nothing of it is kept in a cache
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true, conflicts_with = "watch")]
    pub(crate) from: Option<Spot>,
    /// Make a stretch of the song only, up to here; the end of a range
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true, conflicts_with = "watch")]
    pub(crate) to: Option<Spot>,
    /// How long before --from the song plays unheard. Without it as long as the song remembers, from its start where an
    /// effect never forgets: the stretch has the very samples of the whole mix
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, requires = "from")]
    pub(crate) pre_roll: Option<f64>,
    /// Also make the versions that the document holds, all or the named ones, beside the mix: mix-instrumental.wav
    #[arg(long, value_name = "IDS", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "")]
    pub(crate) versions: Option<Vec<String>>,
    /// Compressors on buses and on the master hear each version alone; without this they do to it what they do to the
    /// mix, so that the instrumental and the a cappella add up to the mix, unless a version says otherwise: dynamics = "own"
    #[arg(long, requires = "versions")]
    pub(crate) own_dynamics: bool,
    /// Also make stems that add up to the mix: those that the document names under [[stem]], else one for each strip that
    /// leads to the master: mix-stems/drums.wav. Wet stems are taken behind the master's processors, dry ones before them
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "wet")]
    pub(crate) stems: Option<Stems>,
    #[command(flatten)]
    pub(crate) hearing: Hearing,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Stay, and mix again whenever the document or its audio changes; keeps renders, so that only what changed is made
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) work: Work,
}

/// Where stems are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stems {
    Wet,
    Dry,
}
