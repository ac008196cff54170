//! The command `tonmeister`: arguments in, verbs called, text or JSON out.
//!
//! Nothing here decides about sound. [`args`] says what can be asked, [`verbs`] asks the façade and shows its report,
//! [`exit`] turns the outcome into a code for scripts. What is shown goes through [`voice`], the one place that
//! prints: tables ([`table`]) on standard output, bars ([`bars`]), needles ([`dials`]) and trouble ([`trouble`]) on standard error, and
//! with `--json` one JSON object on standard output instead of all text. [`pages`] writes man pages and completions.
#![forbid(unsafe_code)]

mod args;
mod bars;
mod dials;
mod exit;
mod pages;
mod table;
mod trouble;
mod verbs;
mod voice;

use std::process::ExitCode;

use clap::Parser;
use tonmeister::Failure;

use args::Args;
use exit::Outcome;
use voice::Voice;

fn main() -> ExitCode {
    let args = Args::parse();
    args.color.write_global();
    let mut voice = Voice::new(args.json, args.quiet);
    let outcome = match verbs::run(args.verb, &mut voice) {
        Ok(outcome) => outcome,
        Err(failure) => {
            trouble::tell(&failure, &mut voice);
            Outcome::of(&failure)
        }
    };
    if let Some(why) = voice.lost() {
        let failure = Failure::output("standard output", format!("does not hold all of the result: {why}"));
        trouble::tell_as_text(&failure, &mut voice);
        return ExitCode::from(if outcome == Outcome::Done { Outcome::of(&failure) } else { outcome }.code());
    }
    ExitCode::from(outcome.code())
}
