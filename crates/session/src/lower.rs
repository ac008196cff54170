//! What stands above single strips (solos) worked into them, so that the engine needs to know strips only.

use crate::listen::Solo;
use crate::model::{Change, Follow, Song, StripAt, Target, Ways};
use crate::tables::{SEND, SILENCE_DB, place};
use crate::version;

impl Song {
    /// The same sound as plain strips: what solo leaves of each is in its followed faders and its sends, and nothing is
    /// soloed anymore. Strips, inserts, routes and so all latencies stay. Lowering twice changes nothing.
    #[must_use]
    pub fn lowered(&self) -> Song {
        self.listened(&Solo::of(self))
    }

    /// [`Song::lowered`] as somebody listens to it: with that solo in the place of the song's own.
    #[must_use]
    pub fn listened(&self, solo: &Solo) -> Song {
        let mut song = self.clone();
        for heard in self.heard(solo) {
            song.strip_mut(heard.strip).set("solo", 0.0);
            if heard.output_db != 0.0 {
                let ways = Ways { main: true, post: false, pre: false };
                song.strip_mut(heard.strip).followed.push(Follow { db: heard.output_db, lane: None, ways });
            }
            for (send, db) in heard.sends_db.iter().enumerate().filter(|(_, db)| **db != 0.0) {
                turn_down(&mut song, heard.strip, send, *db);
            }
        }
        song
    }
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
