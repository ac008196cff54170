//! Songs and edits drawn from bytes, so that a failing case shrinks to a small song.

use tonmeister_core::{Automatable, Level, ParamIndex, ParamKind, ParamSpec, Registry, Settings};
use tonmeister_session::keys::{BPM, CLIP_GAIN_MOVES, CLIP_NUMBERS, LFO_PHASE, RAMP, TEMPO};
use tonmeister_session::lane::Reshape;
use tonmeister_session::model::{
    BarBeat, Bus, BusDynamics, Change, Channels, Check, Clip, CrossfadeShape, Curve, Destination, Detector, FadeShape,
    Follower, Insert, KeySource, KeyTap, Lane, Lfo, LfoShape, Link, Linked, Marker, Master, Meter, PanLaw, Point,
    Range, Rate, Repeat, Scene, Send, Setting, SideChain, Signature, Song, Stem, Strip, StripAt, Tap, Target, Tempo,
    Track, Until, Vca, Version, Window,
};
use tonmeister_session::tables::{NOT_ON_MASTER, ON_VCA, SEND, STRIP, place};
use tonmeister_session::time::TempoMap;
use tonmeister_session::{Edit, Entry, Named, NamedSort, Recall, SceneSort};

/// Bytes turned into decisions; zeros once they are used up.
pub(crate) struct Draw<'b>(pub(crate) &'b [u8]);

impl Draw<'_> {
    fn byte(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    /// A number below `n` (0 when there is none).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.byte().checked_rem(n).unwrap_or(0)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.byte() % n == n - 1
    }

    fn value(&mut self, spec: &ParamSpec) -> f64 {
        match spec.kind {
            ParamKind::Number { min, max, .. } => match self.below(4) {
                0 => spec.default,
                1 => min,
                2 => max,
                _ => min + (max - min) * (self.byte() * 256 + self.byte()) as f64 / 65_535.0,
            },
            ParamKind::Integer { min, max } => {
                (min + (self.byte() * 256 + self.byte()) as i64 % (max - min + 1)) as f64
            }
            ParamKind::Steps(steps) => steps[self.below(steps.len())],
            ParamKind::Switch => self.below(2) as f64,
            ParamKind::Choice(choices) => self.below(choices.len()) as f64,
        }
    }

    fn changed(&mut self, spec: &ParamSpec) -> f64 {
        if self.one_in(3) { self.value(spec) } else { spec.default }
    }

    fn word(&mut self) -> String {
        const WORDS: &[&str] =
            &["Drive", "a \"b\" \\ c", "tab\tnew\nline", "üñí ☃", "", "# none", "'''", "\u{7f}\u{1}\r"];
        WORDS[self.below(WORDS.len())].to_owned()
    }

    /// A song without loops over that registry's effects.
    pub(crate) fn song(&mut self, registry: &Registry) -> Song {
        let buses = self.below(4);
        let tracks = self.below(4);
        let sizes = (tracks, buses);
        let mut song = Song {
            title: self.word(),
            artist: self.one_in(3).then(|| self.word()),
            sample_rate_hz: [44_100, 48_000, 8_000, 384_000][self.below(4)],
            tempo_bpm: self.changed(&TEMPO),
            pan_law: PanLaw::of_db([-3.0, 0.0, -2.5, -4.5, -6.0][self.below(5)]).unwrap(),
            length_s: self.one_in(4).then_some(12.5),
            check: self.checks(false, registry),
            tracks: (0..tracks).map(|i| self.track(format!("track-{i}"), i, sizes, registry)).collect(),
            buses: (0..buses)
                .map(|i| Bus { id: format!("bus_{i}"), strip: self.strip(tracks..tracks + i, i + 1, sizes, registry) })
                .collect(),
            master: Master {
                strip: Strip {
                    output: None,
                    sends: Vec::new(),
                    ..self.strip(0..tracks + buses, buses, sizes, registry)
                },
            }
            .without_sends(),
            ..Song::empty(48_000)
        };
        self.timeline(&mut song);
        for id in NOT_ON_MASTER {
            let default = STRIP[place(STRIP, id)].default;
            song.master.strip.set(id, default);
        }
        for number in 0..self.below(5).saturating_sub(2) {
            let vca = self.vca(&format!("vca-{number}"), &song);
            song.vcas.push(vca);
        }
        for number in 0..self.below(5).saturating_sub(3) {
            let link = self.link(&format!("link-{number}"), &song);
            song.links.push(link);
        }
        for number in 0..self.below(5).saturating_sub(2) {
            let stem = self.stem(&format!("stem-{number}"), &song);
            song.stems.push(stem);
        }
        for number in 0..self.below(4).saturating_sub(2) {
            let scene = self.scene(&format!("scene-{number}"), &song);
            song.scenes.push(scene);
        }
        for number in 0..self.below(6).saturating_sub(2) {
            let version = self.version(number, &song);
            song.versions.push(version);
        }
        song
    }

    fn members(&mut self, song: &Song) -> Vec<String> {
        let strips = song.strips().filter(|at| *at != StripAt::Master);
        let all = strips.chain((0..song.vcas.len()).map(StripAt::Vca));
        all.filter(|_| self.one_in(2)).map(|at| song.id(at).to_owned()).collect()
    }

    /// A VCA that turns those before it only.
    pub(crate) fn vca(&mut self, id: &str, song: &Song) -> Vca {
        let mut vca = Vca::new(id, self.members(song));
        let on_vca = || STRIP.iter().enumerate().filter(|(_, spec)| ON_VCA.contains(&spec.id));
        for (place, spec) in on_vca() {
            vca.strip.values[place] = self.changed(spec);
        }
        let moves: Vec<usize> = on_vca().filter(|(_, s)| s.automatable != Automatable::Fixed).map(|(p, _)| p).collect();
        for place in moves {
            if self.one_in(3) {
                let target = Target::Strip(place);
                let points = self.points(&vca.strip, target);
                let lfos = self.lfos(&STRIP[place]).into_iter().filter(|lfo| matches!(lfo.rate, Rate::Hz(_))).collect();
                vca.strip.automation.push(Lane { lfos, ..Lane::new(target, points) });
            }
        }
        vca
    }

    pub(crate) fn link(&mut self, id: &str, song: &Song) -> Link {
        let members = self.members(song);
        Link { id: id.into(), members, properties: Linked::ALL.into_iter().filter(|_| self.one_in(2)).collect() }
    }

    pub(crate) fn stem(&mut self, id: &str, song: &Song) -> Stem {
        Stem { id: id.into(), title: self.one_in(3).then(|| self.word()), of: self.members(song) }
    }

    /// Tempo, meter, markers and ranges; and some of all times written as bar and beat.
    fn timeline(&mut self, song: &mut Song) {
        let mut bar = 0;
        for _ in 0..self.below(3) {
            bar += 1 + self.below(5) as u32;
            let part = Signature::PARTS[self.below(7)];
            song.meters.push(Meter { bar, signature: Signature::new(1 + self.below(9) as u16, part).unwrap() });
        }
        let mut bars = 0;
        let mut changes: Vec<Tempo> = Vec::new();
        for _ in 0..self.below(4) {
            bars += self.below(6) as u32 + u32::from(!changes.is_empty());
            let written = self.one_in(2).then_some(BarBeat { bar: bars + 1, beat: 1, tick: 0 });
            let at_s = f64::from(bars) * 10.0;
            let ramp_to_bpm = self.one_in(2).then(|| self.value(&RAMP));
            changes.push(Tempo { at_s, written, bpm: self.value(&BPM), ramp_to_bpm });
        }
        if let Some(last) = changes.last_mut() {
            last.ramp_to_bpm = None;
        }
        let (_, places) = TempoMap::new(song.tempo_bpm, &changes, &song.meters);
        if places.windows(2).all(|pair| pair[0] < pair[1]) {
            for (change, at_s) in changes.iter_mut().zip(places) {
                change.at_s = at_s;
            }
            if let Some(first) = changes.first().filter(|first| first.at_s == 0.0) {
                song.tempo_bpm = first.bpm;
            }
            song.tempos = changes;
        }
        for place in 0..self.below(3) {
            let name = self.word();
            song.markers.push(Marker { id: format!("m{place}"), at_s: self.below(200) as f64, written: None, name });
        }
        for place in 0..self.below(3) {
            let from_s = self.below(200) as f64;
            let to_s = from_s + 0.5 + self.below(60) as f64;
            song.ranges.push(Range { id: format!("r{place}"), from_s, from_written: None, to_s, to_written: None });
        }
        let tempo = song.tempo_map();
        for marker in &mut song.markers {
            self.write(&tempo, (&mut marker.at_s, &mut marker.written), (-1.0, 1e5));
        }
        for range in &mut song.ranges {
            self.write(&tempo, (&mut range.from_s, &mut range.from_written), (-1.0, range.to_s));
            self.write(&tempo, (&mut range.to_s, &mut range.to_written), (range.from_s, 1e5));
        }
        for track in &mut song.tracks {
            for clip in track.clips.iter_mut().filter(|clip| clip.crossfade_s == 0.0) {
                self.write(&tempo, (&mut clip.start_s, &mut clip.start_written), (-1.0, 1e5));
            }
            track.clips.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
            self.crossfade(&mut track.clips);
        }
        let strips = song.tracks.iter_mut().map(|t| &mut t.strip).chain(song.buses.iter_mut().map(|b| &mut b.strip));
        for lane in strips.chain([&mut song.master.strip]).flat_map(|strip| &mut strip.automation) {
            for place in 0..lane.points.len() {
                let before = place.checked_sub(1).map_or(-1.0, |before| lane.points[before].time_s);
                let behind = lane.points.get(place + 1).map_or(1e5, |point| point.time_s);
                let point = &mut lane.points[place];
                self.write(&tempo, (&mut point.time_s, &mut point.written), (before, behind));
            }
            for lfo in &mut lane.lfos {
                self.write(&tempo, (&mut lfo.from_s, &mut lfo.from_written), (-1.0, lfo.to_s.unwrap_or(1e5)));
                if let Rate::Note { tempo: map, .. } = &mut lfo.rate {
                    *map = tempo.clone();
                }
            }
        }
    }

    /// Writes a time as the beat before it, where that lies between two others and has a bar that texts can name.
    fn write(&mut self, tempo: &TempoMap, (seconds, written): (&mut f64, &mut Option<BarBeat>), between: (f64, f64)) {
        let (bar, beat, _) = tempo.place(*seconds);
        if !self.one_in(3) || bar > BarBeat::MAX_BAR {
            return;
        }
        let place = BarBeat { bar, beat, tick: self.below(2) as u16 * 7 };
        if let Ok(at_s) = tempo.seconds_of(place)
            && between.0 < at_s
            && at_s < between.1
        {
            (*seconds, *written) = (at_s, Some(place));
        }
    }

    /// Lets clips take over from those before them, where they may.
    fn crossfade(&mut self, clips: &mut [Clip]) {
        for place in 1..clips.len() {
            let (before, clip) = (&clips[place - 1], &clips[place]);
            let may = before.fade_out_s == 0.0 && clip.fade_in_s == 0.0 && before.start_s < clip.start_s;
            if may && self.one_in(2) {
                clips[place].crossfade_s = 0.125;
                clips[place].crossfade_shape = CrossfadeShape::Linear;
            }
        }
    }

    pub(crate) fn scene(&mut self, id: &str, song: &Song) -> Scene {
        let sorts = SceneSort::ALL.into_iter().filter(|_| self.one_in(2)).collect();
        let strips = self.one_in(2).then(|| self.members(song));
        let mut scene = song.stored(id, &Recall { strips, sorts });
        for setting in &mut scene.set {
            if let Some((at, target)) = song.target(&setting.address)
                && self.one_in(8)
            {
                setting.change = Change::To(self.value(song.strip(at).target_spec(target)));
            }
        }
        scene
    }

    /// A version of a song that has those before it.
    pub(crate) fn version(&mut self, number: usize, song: &Song) -> Version {
        let mut version = Version { id: format!("version-{number}"), ..Version::default() };
        version.title = self.one_in(3).then(|| self.word());
        if self.one_in(2) {
            version.base = song.versions.get(self.below(song.versions.len())).map(|base| base.id.clone());
        }
        for range in &song.ranges {
            if self.one_in(3) {
                version.cut.push(range.id.clone());
            }
        }
        version.cut_crossfade_s = self.one_in(3).then_some(0.25);
        version.cut_snap = self.one_in(3);
        version.dynamics = [None, None, Some(BusDynamics::Mix), Some(BusDynamics::Own)][self.below(4)];
        for at in song.strips().chain((0..song.vcas.len()).map(StripAt::Vca)) {
            let (id, strip) = (song.id(at).to_owned(), song.strip(at));
            if id != "master" {
                match self.below(6) {
                    0 => version.mute.push(id.clone()),
                    1 => version.unmute.push(id.clone()),
                    2 => version.solo.push(id.clone()),
                    _ => {}
                }
            }
            for insert in &strip.inserts {
                match self.below(6) {
                    0 => version.bypass.push(format!("{id}/{}", insert.id)),
                    1 => version.enable.push(format!("{id}/{}", insert.id)),
                    _ => {}
                }
            }
            for _ in 0..self.below(3) {
                let targets = settable(strip);
                let target = targets[self.below(targets.len())];
                let spec = strip.target_spec(target);
                let address = format!("{id}/{}", address(song, strip, target));
                let taken = version.set.iter().any(|setting| setting.address == address);
                let foreign = match at {
                    StripAt::Master => NOT_ON_MASTER.contains(&spec.id),
                    StripAt::Vca(_) => !ON_VCA.contains(&spec.id),
                    _ => false,
                };
                if taken || foreign || matches!(address.split_once('/'), Some((_, "mute" | "solo"))) {
                    continue;
                }
                let fresh = song.versions.iter().flat_map(|v| &v.set).all(|setting| setting.address != address);
                let (lane, own) = (strip.lane(target), strip.value(target));
                let ends = lane.and_then(|lane| lane.follow).map_or([own; 3], |f| [own, f.at_floor, f.at_ceiling]);
                let values = lane.into_iter().flat_map(|lane| &lane.points).map(|point| point.value).chain(ends);
                let level = matches!(spec.unit, tonmeister_core::Unit::Db | tonmeister_core::Unit::Dbtp)
                    && matches!(spec.kind, ParamKind::Number { max, .. } if values.clone().all(|v| v + 1.0 <= max));
                let change = if level && fresh && self.one_in(2) {
                    Change::By([0.5, 1.0, -0.0][self.below(3)])
                } else if spec.takes_notes() && matches!(target, Target::Insert { .. }) && self.one_in(4) {
                    match spec.resolve("1/64".parse().unwrap(), song.tempo_bpm) {
                        Ok(_) => Change::Note("1/64".parse().unwrap()),
                        Err(_) => Change::To(spec.default),
                    }
                } else {
                    Change::To(self.value(spec))
                };
                version.set.push(Setting { address, change });
            }
        }
        version
    }

    /// A track that keys from those before it only.
    pub(crate) fn track(&mut self, id: String, place: usize, sizes: (usize, usize), registry: &Registry) -> Track {
        let mut clips: Vec<Clip> = if self.one_in(3) {
            (0..=self.below(3)).map(|_| self.clip()).collect()
        } else {
            vec![Clip::whole("stems/a.wav")]
        };
        clips.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let strip = self.strip(0..place, 0, sizes, registry);
        let role = self.one_in(3).then(|| self.word());
        Track { id, role, clips, check: self.checks(true, registry), strip }
    }

    fn clip(&mut self) -> Clip {
        let mut clip = Clip::whole("b.wav");
        clip.start_s = self.changed(&CLIP_NUMBERS[0]);
        clip.offset_s = self.changed(&CLIP_NUMBERS[1]);
        clip.gain_db = self.changed(&CLIP_NUMBERS[2]);
        clip.length_s = self.one_in(3).then_some(4.0);
        clip.fade_in_s = [0.0, 1.5][self.below(2)];
        clip.fade_out_s = [0.0, 2.5][self.below(2)];
        clip.fade_in_shape = FadeShape::ALL[self.below(4)];
        clip.fade_out_shape = if self.one_in(2) { clip.fade_in_shape } else { FadeShape::ALL[self.below(4)] };
        clip.reverse = self.one_in(3);
        clip.mute = self.one_in(4);
        if self.one_in(3) {
            let until = if self.one_in(2) { Until::Count(2 + self.below(9) as u32) } else { Until::Length(9.5) };
            let crossfade_s = if clip.reverse || clip.offset_s > 1.0 { [0.0, 0.25][self.below(2)] } else { 0.0 };
            clip.repeat = Some(Repeat { until, crossfade_s });
        }
        if self.one_in(3) {
            clip.gain = (0..=self.below(3))
                .map(|i| Point::new(i as f64, self.value(&CLIP_GAIN_MOVES), self.curve(&CLIP_GAIN_MOVES)))
                .collect();
        }
        if self.one_in(4) {
            let until_s = self.one_in(2).then_some(3.5);
            let fade_out_s = if until_s.is_some() { 0.03 } else { 0.0 };
            let fade_in_shape = CrossfadeShape::ALL[self.below(2)];
            clip.window = Some(Window {
                from_s: [0.0, 0.5][self.below(2)],
                until_s,
                fade_in_s: 0.0,
                fade_out_s,
                fade_in_shape,
                ..Window::ALL
            });
        }
        clip
    }

    /// A curve that a parameter takes.
    fn curve(&mut self, spec: &ParamSpec) -> Curve {
        let curves = match spec.unit {
            _ if spec.automatable == Automatable::Stepped => vec![Curve::Hold],
            tonmeister_core::Unit::Db | tonmeister_core::Unit::Dbtp => Curve::ALL.to_vec(),
            _ => vec![Curve::Linear, Curve::Hold, Curve::S],
        };
        let count = curves.len();
        match self.below(count + 2) {
            place if place < count || spec.automatable == Automatable::Stepped => curves[place % count],
            place if place == count => Curve::Bend(self.below(21) as f64 - 10.0),
            _ => Curve::Bezier([0.0; 4].map(|_: f64| self.below(5) as f64 / 4.0)),
        }
    }

    /// A level that a parameter follows.
    pub(crate) fn follower(&mut self, place: usize, tracks: usize, spec: &ParamSpec) -> Follower {
        let from = if place < tracks { KeySource::Track(place) } else { KeySource::Bus(place - tracks) };
        let (tap, floor_db) = (KeyTap::ALL[self.below(3)], -60.0 + self.below(59) as f64);
        let of = SideChain { from, tap, muted: tap == KeyTap::Post };
        Follower {
            detector: Detector::ALL[self.below(2)],
            floor_db,
            depth: self.below(5) as f64 / 4.0,
            ..Follower::new(of, self.changed(spec), self.changed(spec))
        }
    }

    /// What swings around a parameter.
    fn lfos(&mut self, spec: &ParamSpec) -> Vec<Lfo> {
        if spec.automatable == Automatable::Stepped {
            return Vec::new();
        }
        (0..self.below(4) / 2)
            .map(|_| {
                let from_s = self.below(20) as f64;
                let note = "1/4".parse().unwrap();
                let tempo = TempoMap::constant(120.0);
                Lfo {
                    shape: LfoShape::ALL[self.below(4)],
                    rate: if self.one_in(3) { Rate::Note { note, tempo } } else { Rate::Hz(0.25) },
                    depth: self.below(30) as f64 / 4.0,
                    phase: self.changed(&LFO_PHASE),
                    seed: self.below(3) as u32 * 1_000_000_000,
                    from_s,
                    from_written: None,
                    to_s: self.one_in(2).then_some(from_s + 5.5),
                    to_written: None,
                }
            })
            .collect()
    }

    /// A strip whose keys come from `keys` (tracks, then buses) and whose signal goes to buses from `first` on.
    pub(crate) fn strip(
        &mut self,
        keys: std::ops::Range<usize>,
        first: usize,
        (tracks, buses): (usize, usize),
        registry: &Registry,
    ) -> Strip {
        let mut strip = Strip::new(Some(Destination::Master));
        if first < buses && self.one_in(2) {
            strip.output = Some(Destination::Bus(first + self.below(buses - first)));
        }
        for (value, spec) in strip.values.iter_mut().zip(STRIP) {
            *value = self.changed(spec);
        }
        for place in 0..self.below(4) {
            let mut insert = self.insert(place, registry);
            if insert.settings.spec().takes_key() && !keys.is_empty() && self.one_in(2) {
                let from = keys.start + self.below(keys.len());
                let from = if from < tracks { KeySource::Track(from) } else { KeySource::Bus(from - tracks) };
                let tap = KeyTap::ALL[self.below(3)];
                insert.key = Some(SideChain { from, tap, muted: tap == KeyTap::Post && self.one_in(2) });
            }
            if strip.inserts.iter().all(|other| other.id != insert.id) {
                strip.inserts.push(insert);
            }
        }
        for to in first..buses {
            if self.one_in(3) {
                strip.sends.push(self.send(to));
            }
        }
        for _ in 0..self.below(4) {
            let (target, mut points) = self.lane(&strip);
            let lfos = self.lfos(strip.target_spec(target));
            if !lfos.is_empty() && self.one_in(3) {
                points.clear();
            }
            let spec = strip.target_spec(target);
            let led = !keys.is_empty() && spec.automatable != Automatable::Stepped && self.one_in(3);
            let place = keys.start + self.below(keys.len().max(1));
            let follow = led.then(|| self.follower(place, tracks, spec));
            points.truncate(if follow.is_some_and(|follow| follow.depth == 1.0) { 0 } else { points.len() });
            if strip.automation.iter().all(|lane| lane.target != target) {
                strip.automation.push(Lane { lfos, follow, ..Lane::new(target, points) });
            }
        }
        strip
    }

    pub(crate) fn send(&mut self, to: usize) -> Send {
        let values = SEND.iter().map(|spec| self.changed(spec)).collect();
        Send { to, tap: Tap::ALL[self.below(2)], values }
    }

    pub(crate) fn insert(&mut self, place: usize, registry: &Registry) -> Insert {
        let specs: Vec<_> = registry.specs().collect();
        let spec = specs[self.below(specs.len())];
        let mut settings = Settings::new(spec);
        for file in spec.files {
            if file.required || self.one_in(2) {
                settings.set_file(file.id, &format!("rooms/{}.wav", self.below(3))).unwrap();
            }
        }
        for param in spec.params {
            settings.set(param.id, self.changed(param)).unwrap();
        }
        for group in spec.groups {
            for _ in 0..self.below(group.max.min(4) + 1) {
                let values: Vec<(&str, f64)> = group.params.iter().map(|p| (p.id, self.changed(p))).collect();
                settings.push(group.id, &values).unwrap();
            }
        }
        let id = match self.below(5) {
            0 => format!("own{place}"),
            1 => format!("{}-{}", spec.id, 2 + self.below(3)),
            _ => spec.id.to_owned(),
        };
        let bypass = self.one_in(4);
        let channels = if spec.stereo_only { Channels::Stereo } else { Channels::ALL[self.below(9).saturating_sub(4)] };
        Insert { id, bypass, channels, key: None, settings }
    }

    /// Something on the strip that may move, and how.
    pub(crate) fn lane(&mut self, strip: &Strip) -> (Target, Vec<Point>) {
        let targets = movable(strip);
        let target = targets[self.below(targets.len())];
        (target, self.points(strip, target))
    }

    fn points(&mut self, strip: &Strip, target: Target) -> Vec<Point> {
        let spec = strip.target_spec(target);
        let mut time_s = 0.0;
        (0..=self.below(12))
            .map(|_| {
                time_s += 0.25 * (1 + self.below(40)) as f64;
                Point::new(time_s, self.value(spec), self.curve(spec))
            })
            .collect()
    }

    /// An edit that means something to the song, most of the time.
    pub(crate) fn edit(&mut self, song: &Song, registry: &Registry) -> Edit {
        let (tracks, buses) = (song.tracks.len(), song.buses.len());
        let (name, strip) = self.any_strip(song);
        match self.below(26) {
            0 | 1 => {
                let targets = settable(strip);
                let target = targets[self.below(targets.len())];
                let value = self.value(strip.target_spec(target));
                Edit::SetParam { address: format!("{name}/{}", address(song, strip, target)), value }
            }
            2 => {
                let targets = settable(strip);
                let target = targets[self.below(targets.len())];
                Edit::Reset { address: format!("{name}/{}", address(song, strip, target)) }
            }
            3 => Edit::AddTrack {
                at: self.below(tracks + 1),
                track: self.track("newcomer".into(), 0, (tracks, buses), registry),
            },
            4 => Edit::RemoveTrack { id: song.tracks.get(self.below(tracks)).map_or("?".into(), |t| t.id.clone()) },
            5 => Edit::AddBus {
                at: self.below(buses + 1),
                bus: Bus { id: "new-bus".into(), strip: self.strip(0..0, buses, (tracks, buses), registry) },
            },
            6 => Edit::RemoveBus { id: song.buses.get(self.below(buses)).map_or("?".into(), |b| b.id.clone()) },
            7 => {
                let at = self.below(strip.inserts.len() + 1);
                Edit::AddInsert { strip: name, at, insert: self.insert(9, registry) }
            }
            8 => {
                let insert = strip.inserts.get(self.below(strip.inserts.len()));
                Edit::RemoveInsert { strip: name, insert: insert.map_or("?".into(), |i| i.id.clone()) }
            }
            9 => Edit::AddSend { strip: name, send: self.send_below(buses) },
            10 => {
                let to = strip.sends.get(self.below(strip.sends.len())).map(|send| song.buses[send.to].id.clone());
                Edit::RemoveSend { strip: name, to: to.unwrap_or("?".into()) }
            }
            11 => {
                let (target, mut points) = self.lane(strip);
                if self.one_in(4) {
                    points.clear();
                }
                Edit::SetAutomation { strip: name, target: address(song, strip, target), points }
            }
            12 => {
                let strip = if self.one_in(2) { "song".into() } else { name };
                let (rules, together) = (registry.rules(), strip != "song");
                let Some(rule) = rules.get(self.below(rules.len())) else {
                    return Edit::Reset { address: "song/title".into() };
                };
                let level = self.one_in(2).then_some(Level::Deny);
                let limit = (self.one_in(2) && !(together && rule.together)).then_some(0.25);
                Edit::SetCheck { strip, rule: rule.id.into(), level, limit }
            }
            13 => Edit::Unfold { track: name },
            14 => Edit::AddNamed {
                at: self.below(song.versions.len() + 1),
                named: Named::Version(self.version(9, &Song { versions: Vec::new(), ..song.clone() })),
            },
            15 => {
                let id = song.versions.get(self.below(song.versions.len())).map_or("?".into(), |v| v.id.clone());
                let bare = Song { versions: Vec::new(), ..song.clone() };
                Edit::SetNamed { named: Named::Version(Version { id, ..self.version(0, &bare) }) }
            }
            17 => self.group_edit(song),
            18 => {
                let vca = song.vcas.get(self.below(song.vcas.len()));
                let value = -(self.below(90) as f64);
                Edit::SetParam { address: format!("{}/fader_db", vca.map_or("?", |vca| vca.id.as_str())), value }
            }
            16 => {
                let id = song.versions.get(self.below(song.versions.len())).map_or("?".into(), |v| v.id.clone());
                Edit::RemoveNamed { sort: NamedSort::Version, id }
            }
            19..=23 => self.timeline_edit(name, song, strip),
            _ => self.item_edit(name, strip),
        }
    }

    fn group_edit(&mut self, song: &Song) -> Edit {
        let vca = song.vcas.get(self.below(song.vcas.len()));
        let link = song.links.get(self.below(song.links.len()));
        let bare = Song { vcas: Vec::new(), ..song.clone() };
        match (self.below(11), vca, link) {
            (8, ..) => Edit::AddNamed { at: song.stems.len(), named: Named::Stem(self.stem("new-stem", song)) },
            (9, ..) => {
                let id = song.stems.first().map_or("?", |stem| stem.id.as_str());
                Edit::SetNamed { named: Named::Stem(self.stem(id, song)) }
            }
            (10, ..) => {
                let id = song.stems.last().map_or("?".into(), |stem| stem.id.clone());
                Edit::RemoveNamed { sort: NamedSort::Stem, id }
            }
            (6, ..) => Edit::AddNamed { at: 0, named: Named::Scene(self.scene("new-scene", song)) },
            (7, ..) => match song.scenes.first() {
                Some(scene) if self.one_in(2) => Edit::SetNamed { named: Named::Scene(self.scene(&scene.id, song)) },
                Some(scene) => song.recall(&scene.id, &Recall::default()).unwrap(),
                None => Edit::Reset { address: "song/title".into() },
            },
            (0, Some(vca), _) => Edit::RemoveNamed { sort: NamedSort::Vca, id: vca.id.clone() },
            (1, _, Some(link)) => Edit::RemoveNamed { sort: NamedSort::Link, id: link.id.clone() },
            (2, Some(vca), _) => {
                let mut new = self.vca(&vca.id, &bare);
                new.strip.automation.clone_from(&vca.strip.automation);
                Edit::SetNamed { named: Named::Vca(new) }
            }
            (3, _, Some(link)) => Edit::SetNamed { named: Named::Link(self.link(&link.id, &bare)) },
            (4, ..) => Edit::AddNamed { at: song.vcas.len(), named: Named::Vca(self.vca("new-vca", song)) },
            _ => Edit::AddNamed { at: 0, named: Named::Link(self.link("new-link", song)) },
        }
    }

    /// An edit of clips, generators and the timeline.
    fn timeline_edit(&mut self, name: String, song: &Song, strip: &Strip) -> Edit {
        let number = 1 + self.below(3);
        match self.below(9) {
            7 => {
                let (target, _) = self.lane(strip);
                let (from_s, to_s) = (self.below(20) as f64, 3.5 + self.below(40) as f64);
                let how = match self.below(5) {
                    0 => Reshape::Cut,
                    1 => Reshape::Copy { to_s: self.below(50) as f64 },
                    2 => Reshape::Move { to_s: self.below(50) as f64 },
                    3 => Reshape::Scale { by: 0.75, add: 0.25 },
                    _ => Reshape::Thin { max_error: 0.5 },
                };
                Edit::ReshapeAutomation { strip: name, target: address(song, strip, target), from_s, to_s, how }
            }
            0 => Edit::AddClip { track: name, at: self.below(3), clip: self.clip() },
            1 | 2 => Edit::SetClip { track: name, number, clip: self.clip() },
            3 => Edit::RemoveClip { track: name, number },
            4 => {
                let (target, _) = self.lane(strip);
                let lfos = self.lfos(strip.target_spec(target));
                let hertz = |lfo: &Lfo| matches!(lfo.rate, Rate::Hz(_));
                let lfos = lfos.into_iter().filter(hertz).collect();
                let spec = strip.target_spec(target);
                if self.one_in(2) && !song.tracks.is_empty() && spec.automatable != Automatable::Stepped {
                    let from = self.below(song.tracks.len());
                    let follow = self.one_in(3).then(|| self.follower(from, usize::MAX, spec));
                    return Edit::SetFollow { strip: name, target: address(song, strip, target), follow };
                }
                Edit::SetLfos { strip: name, target: address(song, strip, target), lfos }
            }
            5 => {
                let entry = match self.below(4) {
                    0 => Entry::Tempo(Tempo { at_s: 700.0, written: None, bpm: 90.0, ramp_to_bpm: None }),
                    1 => Entry::Meter(Meter { bar: 900, signature: Signature::new(7, 8).unwrap() }),
                    2 => Entry::Marker(Marker { id: "new".into(), at_s: 3.0, written: None, name: String::new() }),
                    _ => Entry::Range(Range {
                        id: "new".into(),
                        from_s: 3.0,
                        from_written: None,
                        to_s: 4.0,
                        to_written: None,
                    }),
                };
                let count = match &entry {
                    Entry::Tempo(_) => song.tempos.len(),
                    Entry::Meter(_) => song.meters.len(),
                    Entry::Marker(_) => song.markers.len(),
                    Entry::Range(_) => song.ranges.len(),
                };
                Edit::AddToTimeline { at: count, entry }
            }
            6 => {
                let addresses =
                    [format!("tempo/{number}"), format!("meter/{number}"), "marker/m0".into(), "range/r1".into()];
                Edit::RemoveFromTimeline { address: addresses[self.below(4)].clone() }
            }
            _ => Edit::SetPlain {
                address: ["song/marker/m0/at", "song/range/r0/from", "song/tempo/1/at"][self.below(3)].into(),
                value: tonmeister_session::Plain::Text(format!("{}|1", 1 + self.below(9))),
            },
        }
    }

    fn checks(&mut self, of_track: bool, registry: &Registry) -> Vec<Check> {
        let mut checks = Vec::new();
        for rule in registry.rules() {
            let level = self.one_in(4).then(|| Level::ALL[self.below(4)]);
            let limit = (self.one_in(4) && !(of_track && rule.together)).then_some(-12.5);
            if level.is_some() || limit.is_some() {
                checks.push(Check { rule: rule.id, level, limit });
            }
        }
        checks
    }

    fn send_below(&mut self, buses: usize) -> Send {
        let to = self.below(buses);
        self.send(to)
    }

    fn item_edit(&mut self, strip_id: String, strip: &Strip) -> Edit {
        let Some(insert) = strip.inserts.get(self.below(strip.inserts.len())) else {
            return Edit::Reset { address: "song/title".into() };
        };
        let groups = insert.settings.spec().groups;
        let Some(group) = groups.get(self.below(groups.len())) else {
            return Edit::Reset { address: "song/tempo_bpm".into() };
        };
        let count = insert.settings.items(group.id).len();
        let (strip, insert) = (strip_id, insert.id.clone());
        if self.one_in(2) {
            let item = 1 + self.below(count);
            return Edit::RemoveItem { strip, insert, group: group.id.into(), item };
        }
        let values = group.params.iter().map(|spec| (spec.id.to_owned(), self.changed(spec))).collect();
        Edit::AddItem { strip, insert, group: group.id.into(), values }
    }

    fn any_strip<'s>(&mut self, song: &'s Song) -> (String, &'s Strip) {
        let mut all: Vec<(&str, &Strip)> = song.tracks.iter().map(|t| (t.id.as_str(), &t.strip)).collect();
        all.extend(song.buses.iter().map(|b| (b.id.as_str(), &b.strip)));
        all.push(("master", &song.master.strip));
        let (id, strip) = all[self.below(all.len())];
        (id.to_owned(), strip)
    }
}

trait WithoutSends {
    fn without_sends(self) -> Self;
}

impl WithoutSends for Master {
    /// Nor the automation of sends.
    fn without_sends(mut self) -> Self {
        self.strip.automation.retain(|lane| !matches!(lane.target, Target::Send { .. }));
        self
    }
}

/// Everything that can be set on a strip.
pub(crate) fn settable(strip: &Strip) -> Vec<Target> {
    let mut all: Vec<Target> = (0..STRIP.len()).map(Target::Strip).collect();
    for send in 0..strip.sends.len() {
        all.extend((0..SEND.len()).map(|param| Target::Send { send, param }));
    }
    for (insert, i) in strip.inserts.iter().enumerate() {
        let count = i.settings.count() as u32;
        all.extend((0..count).map(|param| Target::Insert { insert, param: ParamIndex(param) }));
    }
    all
}

fn movable(strip: &Strip) -> Vec<Target> {
    let moves = |target: &Target| strip.target_spec(*target).automatable != Automatable::Fixed;
    settable(strip).into_iter().filter(moves).collect()
}

/// The address of a target on its strip.
pub(crate) fn address(song: &Song, strip: &Strip, target: Target) -> String {
    let spec = strip.target_spec(target);
    match target {
        Target::Strip(_) => spec.id.into(),
        Target::Send { send, .. } => format!("send/{}/{}", song.buses[strip.sends[send].to].id, spec.id),
        Target::Insert { insert, param } => {
            let insert = &strip.inserts[insert];
            format!("{}/{}", insert.id, insert.settings.address(param))
        }
    }
}
