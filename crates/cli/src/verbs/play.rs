//! `tonmeister play`.

use std::cell::RefCell;
use std::fmt::Write as _;

use tonmeister::{Failure, Listener, LiveMeters, PlayOptions, PlayReport, Progress, Silent};

use super::{levels, needles};
use crate::args::Play;
use crate::bars::Bars;
use crate::dials::Dials;
use crate::exit::Outcome;
use crate::table::{BAD, FAINT, STRONG, Side, Table, count, duration, quantity, styled};
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
        meters: args.meters.clone(),
    };
    // Where needles are drawn, no bar is: they tell how far it is, too.
    let dials = RefCell::new(Dials::new(voice));
    let drawn = !options.meters.is_empty() && dials.borrow().watched();
    let mut progress: Box<dyn Progress> = if drawn { Box::new(Silent) } else { Box::new(Bars::new(voice)) };
    let mut remark = |remark: &str| {
        dials.borrow_mut().clear();
        voice.remark(&format!("{remark}\n"));
    };
    let mut show = |needles: &_| dials.borrow_mut().show(needles);
    let report = super::world().play_watched(&args.song, &options, &mut *progress, &mut remark, &mut show);
    // Whatever came of it, what is told next stands where the needles stood.
    dials.borrow_mut().clear();
    voice.result(&report?, told);
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
    if let Some(meters) = &report.meters {
        text += &heard(meters);
    }
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

/// What the meters came to.
fn heard(meters: &LiveMeters) -> String {
    let mut text = String::new();
    if meters.loudness.is_some() || !meters.needles.is_empty() {
        let _ = write!(text, "\n  {}\n", styled(FAINT, "what was heard, its times from where playing began"));
    }
    if let Some(loudness) = &meters.loudness {
        let mut table = Table::facts();
        levels::levels(&mut table, loudness);
        let _ = write!(text, "\n{}", table.text());
    }
    if !meters.needles.is_empty() {
        let _ = write!(text, "\n{}", needles::table(&["left".into(), "right".into()], &meters.needles));
    }
    if !meters.reductions.is_empty() {
        let mut table = Table::new(&[("dynamics", Side::Left), ("most", Side::Right)]);
        for most in &meters.reductions {
            table.row([most.address.clone(), quantity(most.most_db, 1, "dB")]);
        }
        let _ = write!(text, "\n{}", table.text());
    }
    if meters.unheard_frames > 0 {
        let what = format!("{} came too fast for the meters: play slower", count_of(meters.unheard_frames, "frame"));
        let _ = write!(text, "\n  {}\n", styled(BAD, what));
    }
    text
}

fn count_of(many: u64, one: &str) -> String {
    count(usize::try_from(many).unwrap_or(usize::MAX), one)
}
