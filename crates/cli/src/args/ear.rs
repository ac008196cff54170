//! How a song is listened to.

use clap::Args as ClapArgs;
use tonmeister::Ear;

/// Solo, PFL and AFL, for the while.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Hearing {
    /// Hear these tracks, buses and VCAs in their place in the mix, whatever the document solos: with the buses behind them
    /// and the sources before them. Nothing of what is listened to so is kept in a cache
    #[arg(long, value_name = "IDS", value_delimiter = ',', conflicts_with_all = ["pfl", "afl"])]
    solo: Vec<String>,
    /// The rest is not silent beside --solo, but so many decibels down
    #[arg(long, value_name = "DB", allow_negative_numbers = true, requires = "solo")]
    dim: Option<f64>,
    /// What is soloed is heard without the returns that it sends to, but for those with `solo_safe`
    #[arg(long, requires = "solo")]
    isolate: bool,
    /// Listen before the fader (PFL): these tracks, buses and VCAs alone, behind their inserts, past fader, mute, pan and the
    /// master
    #[arg(long, value_name = "IDS", value_delimiter = ',', conflicts_with = "afl")]
    pfl: Vec<String>,
    /// Listen after the fader (AFL): these tracks, buses and VCAs alone, behind fader, mute and pan, past the master
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    afl: Vec<String>,
}

impl Hearing {
    /// What the façade is asked for.
    pub(crate) fn ear(&self) -> Ear {
        Ear {
            solo: self.solo.clone(),
            dim_db: self.dim,
            isolate: self.isolate,
            pfl: self.pfl.clone(),
            afl: self.afl.clone(),
        }
    }
}
