//! What stands above single strips (VCAs, solos) worked into them, so that the engine needs to know strips only.

use crate::listen::Solo;
use crate::model::{Change, Follow, Lane, Song, Strip, StripAt, Target, Ways};
use crate::tables::{SEND, SILENCE_DB, STRIP, place};
use crate::version;

impl Song {
    /// The same sound as plain strips: VCAs and what solo leaves of each strip are in its followed faders and its sends,
    /// and there are no VCAs and no solos anymore. Strips, inserts, routes and so all latencies stay. Lowering twice
    /// changes nothing.
    #[must_use]
    pub fn lowered(&self) -> Song {
        self.listened(&Solo::of(self))
    }

    /// [`Song::lowered`] as somebody listens to it: with that solo in the place of the song's own.
    #[must_use]
    pub fn listened(&self, solo: &Solo) -> Song {
        self.lower(solo, false)
    }

    /// [`Song::lowered`] for who turns controls while it sounds: every fader that may turn a strip is there, also where it
    /// does nothing now, so that a VCA or a solo that is turned changes values and nothing else. It sounds the same.
    #[must_use]
    pub fn at_hand(&self) -> Song {
        self.lower(&Solo::of(self), true)
    }

    /// `idle`: what does nothing is there, too.
    fn lower(&self, solo: &Solo, idle: bool) -> Song {
        let mut song = self.clone();
        for vca in 0..self.vcas.len() {
            let follows = follows(&self.vcas[vca].strip, idle);
            for at in self.turned_by(vca) {
                song.strip_mut(at).followed.extend(follows.iter().cloned());
            }
        }
        song.vcas.clear();
        for heard in self.heard(solo) {
            song.strip_mut(heard.strip).set("solo", 0.0);
            if idle || heard.output_db != 0.0 {
                let ways = Ways { main: true, post: false, pre: false };
                let solo = Follow { db: heard.output_db, lane: None, ways, mutes: false };
                song.strip_mut(heard.strip).followed.push(solo);
            }
            for (send, db) in heard.sends_db.iter().enumerate().filter(|(_, db)| **db != 0.0) {
                turn_down(&mut song, heard.strip, send, *db);
            }
        }
        song
    }
}

/// What a VCA does to a strip that it turns: its fader and trim behind the strip's, its mute where it reaches.
fn follows(vca: &Strip, idle: bool) -> Vec<Follow> {
    let level = |id: &str| {
        let lane = vca.lane(Target::Strip(place(STRIP, id))).map(|lane| Lane { target: fader(), ..lane.clone() });
        Follow { db: vca.get(id), lane, ways: Ways::POST, mutes: false }
    };
    let silent = |mute: f64| if mute == 1.0 { SILENCE_DB } else { 0.0 };
    let mutes = vca.lane(Target::Strip(place(STRIP, "mute"))).map(|lane| {
        let mut lane = Lane { target: fader(), ..lane.clone() };
        for point in &mut lane.points {
            point.value = silent(point.value);
        }
        lane
    });
    let ways = Ways { main: vca.is("mute_main"), post: vca.is("mute_post"), pre: vca.is("mute_pre") };
    let mute = Follow { db: silent(vca.get("mute")), lane: mutes, ways, mutes: true };
    let all = [level("fader_db"), level("fader_trim_db"), mute];
    all.into_iter().filter(|follow| idle || follow.db != 0.0 || follow.lane.is_some()).collect()
}

fn fader() -> Target {
    Target::Strip(place(STRIP, "fader_db"))
}

fn turn_down(song: &mut Song, at: StripAt, send: usize, db: f64) {
    let target = |id: &str| Target::Send { send, param: place(SEND, id) };
    let (param, change) = match db {
        db if db <= SILENCE_DB => ("mute", Change::To(1.0)),
        db => ("level_db", Change::By(db)),
    };
    // Refused only where it would be louder than a send can be: then it stays as loud as it is.
    let _ = version::set(song, at, target(param), change);
}
