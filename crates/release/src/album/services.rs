//! What players will make of an album: a preview of each service's normalization.
//!
//! The figures are data (a service's loudness, whether it raises, what headroom it leaves, what it does to albums), with
//! a source and a date beside each; see `tonmeister targets`.

use serde::Serialize;

use super::levels::Levels;

/// How a service plays an album that is heard as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlbumPlay {
    /// One gain for all its songs when they are played in a row, else each by itself.
    InARow,
    /// One gain for all its songs, in shuffle too.
    Always,
    /// Each song by itself.
    Never,
}

/// From what a service takes an album's gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlbumBy {
    /// The loudness of all its songs as one programme.
    Whole,
    /// The loudness of its loudest song.
    Loudest,
}

/// A service's normalization.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The loudness it plays at.
    pub loudness_lufs: f64,
    /// Whether it turns quiet songs up; `None` where nobody is known to say.
    pub raises: Option<bool>,
    /// The true peak to which it raises at most.
    pub raises_to_dbtp: f64,
    /// What it does to albums; `None` where nobody is known to say.
    pub album: Option<AlbumPlay>,
    /// From what it takes an album's gain.
    pub album_by: AlbumBy,
}

/// What a service does to one song.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The service.
    pub service: String,
    /// What it turns the song by in shuffle.
    pub shuffle_db: f64,
    /// The loudness at which it is heard in shuffle.
    pub shuffle_lufs: f64,
    /// What it turns the song by when the album is played; the same as in shuffle where nothing is known of albums.
    pub album_db: f64,
    /// Whether anybody is known to say what it does to albums.
    pub album_known: bool,
    /// The loudness at which it is heard then.
    pub album_lufs: f64,
    /// Its peaks keep it from being raised as far as its loudness asks.
    pub held_by_peak: bool,
}

impl Service {
    /// The gain for something of that loudness and peak, and whether the peak held it.
    fn gain(&self, lufs: f64, peak_dbtp: f64) -> (f64, bool) {
        let wanted = self.loudness_lufs - lufs;
        if wanted <= 0.0 {
            return (wanted, false);
        }
        if self.raises != Some(true) {
            return (0.0, false);
        }
        let room = (self.raises_to_dbtp - peak_dbtp).max(0.0);
        (wanted.min(room), room < wanted)
    }

    /// What it does to each song of an album; `None` for silence.
    pub fn preview(&self, songs: &[Levels], whole_lufs: Option<f64>) -> Vec<Option<Preview>> {
        let peak = |levels: &Levels| levels.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY);
        let loudest = songs.iter().filter_map(|s| s.integrated_lufs).max_by(f64::total_cmp);
        let album_lufs = match self.album_by {
            AlbumBy::Whole => whole_lufs,
            AlbumBy::Loudest => loudest,
        };
        let highest = songs.iter().map(peak).fold(f64::NEG_INFINITY, f64::max);
        let album_gain = album_lufs.map(|lufs| self.gain(lufs, highest));
        let one = |levels: &Levels| {
            let lufs = levels.integrated_lufs?;
            let own = self.gain(lufs, peak(levels));
            let album = match self.album {
                Some(AlbumPlay::InARow | AlbumPlay::Always) => album_gain?,
                Some(AlbumPlay::Never) | None => own,
            };
            let shuffle = if self.album == Some(AlbumPlay::Always) { album } else { own };
            Some(Preview {
                service: self.name.clone(),
                shuffle_db: shuffle.0,
                shuffle_lufs: lufs + shuffle.0,
                album_db: album.0,
                album_known: self.album.is_some(),
                album_lufs: lufs + album.0,
                held_by_peak: own.1,
            })
        };
        songs.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(lufs: f64, peak: f64) -> Levels {
        Levels { integrated_lufs: Some(lufs), true_peak_dbtp: Some(peak), ..Levels::default() }
    }

    fn spotify() -> Service {
        Service {
            name: "Spotify".into(),
            loudness_lufs: -14.0,
            raises: Some(true),
            raises_to_dbtp: -1.0,
            album: Some(AlbumPlay::InARow),
            album_by: AlbumBy::Whole,
        }
    }

    #[test]
    fn the_example_that_spotify_gives_comes_out() {
        // −20 LUFS with a peak of −5 dBTP is raised by 4 dB to −16 only.
        let preview = spotify().preview(&[levels(-20.0, -5.0)], Some(-20.0))[0].clone().unwrap();
        assert_eq!((preview.shuffle_db, preview.shuffle_lufs, preview.held_by_peak), (4.0, -16.0, true));
    }

    #[test]
    fn an_album_keeps_its_relations_in_a_row_and_loses_them_in_shuffle() {
        let songs = [levels(-9.0, -1.0), levels(-15.0, -1.0)];
        let previews = spotify().preview(&songs, Some(-10.0));
        let [loud, quiet] = previews.as_slice() else { panic!() };
        let (loud, quiet) = (loud.as_ref().unwrap(), quiet.as_ref().unwrap());
        assert_eq!((loud.album_db, quiet.album_db), (-4.0, -4.0));
        // In shuffle the quiet one has no room to be raised: its peak is at the limit already.
        assert_eq!((loud.shuffle_db, quiet.shuffle_db, quiet.held_by_peak), (-5.0, 0.0, true));
        let tidal =
            Service { album: Some(AlbumPlay::Always), album_by: AlbumBy::Loudest, raises: Some(false), ..spotify() };
        let previews = tidal.preview(&songs, Some(-10.0));
        assert!(previews.iter().flatten().all(|p| p.shuffle_db == -5.0 && p.album_db == -5.0));
        let youtube = Service { album: Some(AlbumPlay::Never), raises: Some(false), ..spotify() };
        let gains: Vec<f64> = youtube.preview(&songs, Some(-10.0)).into_iter().flatten().map(|p| p.album_db).collect();
        assert_eq!(gains, [-5.0, 0.0]);
    }
}
