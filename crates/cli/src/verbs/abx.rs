//! `tonmeister abx`: a blind test in the terminal.

use std::hash::{BuildHasher, Hasher};
use std::io::BufRead;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::Serialize;
use tonmeister::Failure;
use tonmeister::compare::abx::{self, Choice, Score};

use crate::args::Abx;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, number, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// Programs that play a WAV file and end with it, and how they are asked to be quiet about it.
const PLAYERS: &[(&str, &[&str])] = &[
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("afplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
];

/// How often somebody who waits for a line looks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// The result as JSON.
#[derive(Serialize)]
struct Tested<'a> {
    first: &'a Path,
    second: &'a Path,
    louder_lu: f64,
    seed: u64,
    #[serde(flatten)]
    score: Score,
}

/// Plays, asks, and tells at the end.
pub(crate) fn run(args: &Abx, voice: &mut Voice) -> Result<Outcome, Failure> {
    let mut player = Player::new(args.player.as_deref())?;
    let world = super::world();
    let excerpts = world.excerpts(&args.first, &args.second, (args.from, args.length), &mut Bars::new(voice))?;
    // Every new hasher of the standard library starts from the system's randomness.
    let seed = args.seed.unwrap_or_else(|| std::collections::hash_map::RandomState::new().build_hasher().finish());
    let mut test = abx::Abx::new(args.trials, seed);
    voice.remark(&trouble::remarks(&excerpts.warnings));
    voice.remark(&format!(
        "A  {}\nB  {}\n{} of both, lined up; {} was {} louder and is turned down\n\n\
         Type {a}, {b} or {x} to listen, {s} to stop the sound, {is_a} or {is_b} to say what X is, {q} to give up.\n",
        styled(STRONG, args.first.display()),
        styled(STRONG, args.second.display()),
        quantity(excerpts.seconds, 1, "s"),
        if excerpts.louder_lu > 0.0 { "B" } else { "A" },
        quantity(excerpts.louder_lu.abs(), 2, "LU"),
        a = styled(STRONG, "a"),
        b = styled(STRONG, "b"),
        x = styled(STRONG, "x"),
        s = styled(STRONG, "s"),
        is_a = styled(STRONG, "=a"),
        is_b = styled(STRONG, "=b"),
        q = styled(STRONG, "q"),
    ));
    let lines = typed();
    let ended = |test: &abx::Abx, voice: &mut Voice| {
        tell(args, voice, test, (&excerpts, seed));
        // Ctrl-C ends the test as `q` does, and what was played is taken away.
        if world.stop.load(Ordering::Relaxed) { Outcome::Interrupted } else { Outcome::Done }
    };
    while let Some(hidden) = test.hidden() {
        let x = excerpts.hide(hidden)?;
        let trial = test.trial();
        loop {
            voice.remark(&format!("{} ", styled(FAINT, format!("{trial}/{}", args.trials))));
            let Some(line) = next(&lines, &world.stop) else { return Ok(ended(&test, voice)) };
            if let Some(why) = player.failed() {
                voice.trouble(&format!("{why}; was anything heard? --player names another program\n"));
            }
            match line.trim().to_lowercase().as_str() {
                "a" => player.play(&excerpts.file(Choice::A))?,
                "b" => player.play(&excerpts.file(Choice::B))?,
                "x" => player.play(&x)?,
                "s" => player.stop(),
                "q" => return Ok(ended(&test, voice)),
                answer @ ("=a" | "=b") => {
                    player.stop();
                    test.answer(if answer == "=a" { Choice::A } else { Choice::B });
                    break;
                }
                _ => voice.remark("a, b, x, s, =a, =b or q\n"),
            }
        }
    }
    Ok(ended(&test, voice))
}

/// What is typed, line by line, from a thread of its own: who waits for it here can be interrupted.
fn typed() -> Receiver<String> {
    let (giving, lines) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if giving.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The next line; none behind the last, and none when the program is to stop.
fn next(lines: &Receiver<String>, stop: &AtomicBool) -> Option<String> {
    while !stop.load(Ordering::Relaxed) {
        match lines.recv_timeout(LOOK) {
            Ok(line) => return Some(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

fn tell(args: &Abx, voice: &mut Voice, test: &abx::Abx, (excerpts, seed): (&abx::Excerpts, u64)) {
    let score = test.score();
    let tested =
        Tested { first: &args.first, second: &args.second, louder_lu: excerpts.louder_lu, seed, score: score.clone() };
    voice.result(&tested, |_| {
        if score.trials == 0 {
            return "\nNothing was answered.\n".into();
        }
        let verdict = match (score.cut_short, score.p_value < 0.05) {
            (true, _) => styled(CARE, "the test was ended early: this proves nothing either way"),
            (_, true) => styled(GOOD, "the difference was heard"),
            (_, false) => styled(CARE, "no difference was shown to be heard"),
        };
        format!(
            "\n{} of {} right, p = {} (a guesser does as well so often): {verdict}\n\
             With 95 % confidence at least {} % of the answers are right in the long run; a guesser has 50 %.\n",
            score.right,
            score.trials,
            number(score.p_value, 4),
            number(100.0 * score.at_least, 0),
        )
    });
}

/// What plays.
struct Player {
    program: String,
    arguments: Vec<String>,
    playing: Option<Child>,
}

impl Player {
    /// The one that was named, or the first that is there.
    fn new(named: Option<&str>) -> Result<Self, Failure> {
        if let Some(named) = named {
            let mut words = named.split_whitespace().map(str::to_owned);
            let program = words.next().ok_or_else(|| Failure::Usage("--player names no program".into()))?;
            return Ok(Player { program, arguments: words.collect(), playing: None });
        }
        let folders: Vec<_> = std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
        let there = |program: &str| folders.iter().any(|folder: &std::path::PathBuf| folder.join(program).is_file());
        let names: Vec<&str> = PLAYERS.iter().map(|(name, _)| *name).collect();
        match PLAYERS.iter().find(|(name, _)| there(name)) {
            Some((name, arguments)) => Ok(Player {
                program: (*name).into(),
                arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
                playing: None,
            }),
            None => Err(Failure::Usage(format!(
                "no program that plays sound was found ({}); name one with --player",
                names.join(", ")
            ))),
        }
    }

    fn play(&mut self, file: &Path) -> Result<(), Failure> {
        self.stop();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child =
            command.spawn().map_err(|e| Failure::Usage(format!("`{}` cannot be started: {e}", self.program)))?;
        self.playing = Some(child);
        Ok(())
    }

    /// Why the last one to play ended by itself before its time, if it did.
    fn failed(&mut self) -> Option<String> {
        let status = self.playing.as_mut()?.try_wait().ok()??;
        (!status.success()).then(|| format!("`{}` ended with {status}", self.program))
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.playing.take() {
            // A player that has ended by itself is only waited for.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::Player;

    #[test]
    fn a_player_that_gave_up_is_known() {
        let ended = |program: &str| {
            let mut player = Player::new(Some(program)).unwrap();
            player.play(Path::new("excerpt.wav")).unwrap();
            player.playing.as_mut().unwrap().wait().unwrap();
            player.failed()
        };
        assert!(ended("false").is_some_and(|why| why.starts_with("`false` ended with")));
        assert_eq!(ended("true"), None);
    }
}
