//! `tonmeister play`.

use std::fmt::Write as _;

use tonmeister::{Failure, Listener, PlayOptions, PlayReport};

use super::levels;
use crate::args::Play;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{BAD, FAINT, STRONG, Table, count, duration, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// Plays and tells how it went.
pub(crate) fn run(args: &Play, voice: &mut Voice) -> Result<Outcome, Failure> {
    let loop_s = match args.r#loop[..] {
        [] => None,
        [from, to] => Some((from, to)),
        _ => return Err(Failure::Usage("a loop has two ends: --loop A,B, in seconds".into())),
    };
    let listener = match (&args.to, args.null) {
        (Some(file), _) => Listener::File(file.clone(), args.bits.depth()),
        (None, Some(speed)) => Listener::Nobody(speed),
        (None, None) => Listener::Device,
    };
    let options = PlayOptions {
        listener,
        version: args.version.clone(),
        ear: args.hearing.ear(),
        from: args.from.clone(),
        loop_s,
        for_s: args.r#for,
        block: usize::from(args.block_size),
        periods: args.periods,
        watch: args.watch,
    };
    let mut bars = Bars::new(voice);
    let report =
        super::world().play(&args.song, &options, &mut bars, &mut |remark| voice.remark(&format!("{remark}\n")))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &PlayReport) -> String {
    let mut table = Table::facts();
    table.fact("played", duration(report.played_s));
    table.fact("turn to sound", quantity(report.turn_to_sound_ms, 1, "ms"));
    table.fact("of that, the song's effects", quantity(report.latency_ms, 1, "ms"));
    if let Some(device) = report.device_ms {
        table.fact("the device, as it says", quantity(device, 1, "ms"));
    }
    table.fact("a block", quantity(report.block_ms, 2, "ms"));
    table.fact("audio thread", quantity(100.0 * report.load, 1, "% of a core"));
    if report.written.is_none() {
        let realtime = if report.realtime { "before all other threads" } else { "like any other thread" };
        table.fact("99.9 % of blocks in", quantity(report.most_ms, 2, "ms"));
        table.fact("the slowest in", quantity(report.worst_ms, 2, "ms"));
        let kept = if report.in_memory { "wholly" } else { "as the system likes" };
        table.fact("scheduled", realtime.to_owned());
        table.fact("kept in memory", kept.to_owned());
    }
    table.fact("plans taken over", report.plans.to_string());
    let mut text = format!("{}  {}\n\n", styled(STRONG, &report.title), styled(FAINT, count(report.tracks, "track")));
    text += &table.text();
    if report.xruns > 0 {
        let what = format!("{} had a gap: try more of them, with --periods", count_of(report.xruns, "block"));
        let _ = write!(text, "\n  {}\n", styled(BAD, what));
    }
    if report.missed_frames > 0 {
        let what = "of tracks were silent because the disk was late";
        let what = format!("{} {what}", count_of(report.missed_frames, "frame"));
        let _ = write!(text, "\n  {}\n", styled(BAD, what));
    }
    if let Some(written) = &report.written {
        let _ = write!(
            text,
            "\n{}\nWrote {}\n",
            levels::written(written, levels::LOWER_THE_MASTER),
            written.path.display()
        );
    }
    text + &trouble::remarks(&report.warnings)
}

fn count_of(many: u64, one: &str) -> String {
    count(usize::try_from(many).unwrap_or(usize::MAX), one)
}
