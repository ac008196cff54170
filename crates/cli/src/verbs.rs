//! The verbs: each asks the façade for one thing and shows the report.

mod abx;
mod align;
mod check;
mod compare;
mod demo;
mod desk;
mod diff;
mod disc;
mod levels;
mod master;
mod measure;
mod mix;
mod needles;
mod new;
mod play;
mod process;
mod record;
mod release;
mod ride;
mod tone;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tonmeister::{Failure, World};

use crate::args::Verb;
use crate::exit::Outcome;
use crate::pages;
use crate::voice::Voice;

/// The world of one run: Ctrl-C ends long work at its next block, and a second one ends the process.
pub(crate) fn world() -> World {
    let world = World::new();
    let stop = Arc::clone(&world.stop);
    let handler = move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Outcome::Interrupted.code()));
        }
    };
    // Where signals cannot be caught, Ctrl-C ends the process as ever: files are still whole or absent.
    let _ = ctrlc::set_handler(handler);
    world
}

/// Does what was asked and tells the result.
pub(crate) fn run(verb: Verb, voice: &mut Voice) -> Result<Outcome, Failure> {
    match verb {
        Verb::New(args) => return new::run(args, voice),
        Verb::Mix(args) => return mix::run(args, voice),
        Verb::Play(args) => return play::run(&args, voice),
        Verb::Master(args) => return master::run(args, voice),
        Verb::Release(args) => return release::run(&args, voice),
        Verb::Process(args) => return process::run(args, voice),
        Verb::Ride(args) => return ride::run(args, voice),
        Verb::Record(args) => return record::run(&args, voice),
        Verb::Desk(args) => return desk::run(&args, voice),
        Verb::Align(args) => return align::run(&args, voice),
        Verb::Rack(args) => return process::rack(&args, voice),
        Verb::Measure(args) => return Ok(measure::run(&args, voice)),
        Verb::Check(args) => return check::run(&args, voice),
        Verb::Compare(args) => return compare::run(&args, voice),
        Verb::Diff(args) => return diff::run(&args, voice),
        Verb::Disc(args) => return disc::run(&args, voice),
        Verb::Abx(args) => return abx::run(&args, voice),
        Verb::Demo(args) => return demo::run(&args, voice),
        Verb::Targets(args) => return master::list(&args, voice),
        Verb::Schema(args) => {
            let world = World::new();
            voice.text(&if args.album { world.album_schema() } else { world.schema() });
        }
        Verb::Man(args) => match args.all {
            Some(folder) => {
                let pages = pages::write_all(&folder)?;
                voice.remark(&format!("wrote {pages} man pages to {}\n", folder.display()));
            }
            None => voice.text(&pages::man(args.verb.as_deref())?),
        },
        Verb::Completions(args) => voice.text(&pages::completions(args.shell)),
    }
    Ok(Outcome::Done)
}
