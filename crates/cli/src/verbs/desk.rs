//! `tonmeister desk`.

use std::fmt::Write as _;

use tonmeister::{DeskReport, Failure, World};

use crate::args::Desk;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, count, styled};
use crate::trouble;
use crate::voice::Voice;

/// Does it and tells what stands otherwise.
pub(crate) fn run(args: &Desk, voice: &mut Voice) -> Result<Outcome, Failure> {
    let (song, action) = args.action();
    let report = World::new().desk(&song, &action)?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &DeskReport) -> String {
    let mut text = String::new();
    for turned in &report.turned {
        let [before, now] = &turned.values;
        let linked = if turned.linked { styled(FAINT, "  linked") } else { String::new() };
        let _ = writeln!(text, "{}  {before} → {now}{linked}", styled(STRONG, &turned.address));
    }
    for lane in &report.lanes {
        let [before, now] = lane.points;
        let _ = writeln!(text, "{}  {before} → {}", styled(STRONG, &lane.control), count(now, "point"));
    }
    if let Some(stored) = &report.stored {
        let older = if stored.replaced { ", in the place of an older one" } else { "" };
        let scene = styled(STRONG, &stored.scene);
        let _ = writeln!(text, "{scene}  {} put by{older}", count(stored.values, "value"));
    }
    text += &trouble::remarks(&report.warnings);
    let song = report.song.display();
    text + &if report.changed { format!("\nChanged {song}\n") } else { format!("\nNothing to change in {song}\n") }
}
