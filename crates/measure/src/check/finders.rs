//! Which finders hear a file.

use tonmeister_core::SourceInfo;

use super::bits::Bits;
use super::config::Config;
use super::ear::Ear;
use super::edges::Edges;
use super::finder::Finder;
use super::flaws::Flaws;
use super::hum::Hum;
use super::offsets::Offsets;
use super::overs::Overs;
use super::rounded::Rounded;
use super::rules::{self, Rule};
use super::spectra::Spectra;
use super::voice::Voice;

/// A finder of every rule that is asked for.
pub(super) fn finders(info: SourceInfo, config: &Config) -> Vec<Box<dyn Finder>> {
    let asks = |rules: &[Rule]| rules.iter().any(|r| config.asks(r));
    let mut finders: Vec<Box<dyn Finder>> = vec![Box::new(Ear::new(info)), Box::new(Voice::new(info))];
    if asks(&[rules::CLICK, rules::DROPOUT, rules::REPEATED, rules::STUCK]) {
        finders.push(Box::new(Flaws::new(info, config)));
    }
    if asks(&[rules::TRUE_PEAK]) {
        finders.push(Box::new(Overs::new(info, config)));
    }
    if asks(&[rules::OFFSET_MOVES]) {
        finders.push(Box::new(Offsets::new(info)));
    }
    if asks(&[rules::CUT_START, rules::CUT_END, rules::HOLE]) {
        finders.push(Box::new(Edges::new(info)));
    }
    if asks(&[rules::HUM]) {
        finders.push(Box::new(Hum::new(info)));
    }
    finders.push(Box::new(Spectra::new(info)));
    // Behind the spectra, which tell whether it is a mix.
    if asks(&[rules::SOFT_CLIPPED]) {
        finders.push(Box::new(Rounded::new(info)));
    }
    finders.push(Box::new(Bits::new()));
    finders
}
