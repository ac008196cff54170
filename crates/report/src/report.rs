//! The report of one file, of several side by side, or of one before and after.

use tonmeister_core::Severity;
use tonmeister_measure::check::{Finding, rules};
use tonmeister_measure::loudness::Loudness;

use crate::draw::PaintError;
use crate::figure::Figure;
use crate::figures::{self, Cast, Scale, when};
use crate::page::{Page, Part, Printed, Problem, Reading, Section, Table};
use crate::subject::{Service, Story, Subject};
use crate::text::{clock, count, number, quantity, signed, signed_truly};
use crate::words;

/// A report, ready to be written.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    cast: Cast<'a>,
    services: &'a [Service],
}

/// A picture as a file.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its name without an ending: `loudness`.
    pub name: String,
    /// As SVG.
    pub svg: String,
    /// As PNG.
    pub png: Vec<u8>,
}

impl<'a> Report<'a> {
    /// Of these files. `story` matters for two: side by side, or before and after.
    pub fn new(subjects: &'a [Subject], services: &'a [Service], story: Story) -> Self {
        let story = if subjects.len() == 2 { story } else { Story::SideBySide };
        Report { cast: Cast { subjects, story }, services }
    }

    /// Every picture of it, in order.
    pub fn figures(&self) -> Vec<Figure<'a>> {
        self.groups().into_iter().flat_map(|(.., figures)| figures).collect()
    }

    fn groups(&self) -> Vec<(&'static str, &'static str, Vec<Figure<'a>>)> {
        let cast = self.cast;
        if cast.subjects.is_empty() {
            return Vec::new();
        }
        let mut tone = vec![figures::spectrum(cast)];
        tone.extend(figures::corridor(cast));
        tone.extend(figures::spectrogram(cast));
        let space = figures::stereo(cast).into_iter().chain(figures::stereo_history(cast)).collect();
        vec![
            ("time", "The whole of it", vec![figures::wave(cast), figures::loudness(cast), figures::peaks(cast)]),
            ("tone", "Tone", tone),
            ("space", "Between the loudspeakers", space),
        ]
    }

    /// Every picture as SVG and PNG.
    pub fn pictures(&self) -> Result<Vec<Picture>, PaintError> {
        let picture =
            |figure: &Figure<'_>| Ok(Picture { name: figure.name.clone(), svg: figure.svg(), png: figure.png()? });
        self.figures().iter().map(picture).collect()
    }

    /// The whole report as one page of HTML.
    pub fn html(&self) -> String {
        self.page().html()
    }

    /// The whole report on sheets of A4, as PDF.
    pub fn pdf(&self) -> Result<Printed, PaintError> {
        self.page().pdf()
    }

    fn page(&self) -> Page {
        let mut page = Page::new(&self.title(), &self.facts());
        page.section(&self.opening());
        page.section(&self.problems());
        let mut groups = self.groups().into_iter();
        if let Some((id, title, figures)) = groups.next() {
            page.figures(id, title, &figures);
        }
        page.section(&self.streaming());
        for (id, title, figures) in groups {
            page.figures(id, title, &figures);
        }
        page.section(&self.numbers());
        page
    }

    fn title(&self) -> String {
        match (self.cast.subjects, self.cast.story) {
            ([], _) => "Nothing".into(),
            ([only], _) => only.name.clone(),
            ([before, after], Story::BeforeAfter) if before.name == after.name => {
                format!("{}, before and after", after.name)
            }
            ([before, after], Story::BeforeAfter) => format!("{} → {}", before.name, after.name),
            ([a, b], _) => format!("{} and {}", a.name, b.name),
            (several, _) => format!("{} side by side", count(several.len(), "file")),
        }
    }

    fn facts(&self) -> String {
        let of = |s: &Subject| {
            let channels = match s.portrait.channels {
                1 => "mono",
                _ => "stereo",
            };
            let rate = f64::from(s.loudness.sample_rate_hz) / 1000.0;
            let khz = number(rate, usize::from(rate.fract() != 0.0));
            format!("{} · {} · {khz} kHz · {channels}", clock(s.seconds()), s.format)
        };
        match self.cast.subjects {
            [only] => of(only),
            several => several
                .iter()
                .take(3)
                .enumerate()
                .map(|(n, s)| format!("{}: {}", self.cast.name(n), of(s)))
                .chain((several.len() > 3).then(|| format!("and {} more", several.len() - 3)))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    fn opening(&self) -> Section {
        let mut section = Section::new("", "");
        match (self.cast.subjects, self.cast.story) {
            ([only], _) => {
                section.part(Part::Verdict(words::verdict(only)));
                section.part(Part::Readings(readings(only)));
                section.part(said(words::summary(only, self.services)));
            }
            ([before, after], Story::BeforeAfter) => {
                section.part(Part::Verdict(words::difference(before, after)));
                section.part(Part::Readings(readings(after)));
                section.part(said(words::summary(after, self.services)));
                section.table(&self.columns());
            }
            (several, _) => {
                let each = several.iter().enumerate().map(|(n, s)| (self.cast.name(n), words::verdict(s)));
                section.part(Part::Said(each.collect()));
                section.table(&self.columns());
            }
        }
        section
    }

    /// The files as columns, what was measured as rows; for before and after also the difference.
    fn columns(&self) -> Table {
        let cast = self.cast;
        let mut head = vec![String::new()];
        head.extend((0..cast.subjects.len()).map(|n| cast.name(n)));
        let changed = cast.story == Story::BeforeAfter;
        if changed {
            head.push("change".into());
        }
        let mut table = Table { caption: "Side by side".into(), head, ..Table::default() };
        for (name, unit, places, value) in ROWS {
            let values: Vec<Option<f64>> = cast.subjects.iter().map(value).collect();
            if values.iter().all(Option::is_none) {
                continue;
            }
            let mut row = vec![(*name).to_string()];
            row.extend(values.iter().map(|v| quantity(*v, *places, unit)));
            if changed {
                let change = values[1].zip(values[0]).map(|(after, before)| after - before);
                row.push(change.map_or("–".into(), |c| signed(c, *places)));
            }
            table.row(row);
        }
        let mut row = vec!["errors, warnings".to_string()];
        row.extend(
            cast.subjects.iter().map(|s| format!("{}, {}", s.count(Severity::Error), s.count(Severity::Warning))),
        );
        if changed {
            row.push(String::new());
        }
        table.row(row);
        table
    }

    fn problems(&self) -> Section {
        let mut section = Section::new("problems", "What was found");
        let alone = self.cast.alone().is_some();
        for (n, subject) in self.cast.subjects.iter().enumerate() {
            if !alone {
                section.heading(&self.cast.name(n));
            }
            section.part(Part::Problems(problems(subject, "waveform")));
        }
        section
    }

    fn streaming(&self) -> Section {
        let mut section = Section::new("streaming", "On streaming services");
        let cast = self.cast;
        if !cast.subjects.iter().any(|s| s.loudness.integrated_lufs.is_some()) || self.services.is_empty() {
            section.words("There is no loudness to be turned up or down.");
            return section;
        }
        section.words(
            "Services play everything at about the same loudness. What is louder is turned down when it is played; nothing \
             in the file changes.",
        );
        services(&mut section, cast, self.services);
        section
    }

    fn numbers(&self) -> Section {
        let mut section = Section::new("numbers", "All numbers");
        for (n, subject) in self.cast.subjects.iter().enumerate() {
            let name = self.cast.alone().map_or(self.cast.name(n), |_| "The whole".into());
            let mut table = Table::new(&name, &[]);
            for (name, unit, places, value) in ROWS {
                table.row([(*name).into(), quantity(value(subject), *places, unit)]);
            }
            section.table(&table);
            section.table(&channels(subject));
        }
        section
    }
}

/// Name, unit, decimals, and where to read it.
type Row = (&'static str, &'static str, usize, fn(&Subject) -> Option<f64>);

const ROWS: &[Row] = &[
    ("integrated loudness", "LUFS", 1, |s| s.loudness.integrated_lufs),
    ("loudness range", "LU", 1, |s| s.loudness.range.map(|r| r.lu)),
    ("loudest 3 s", "LUFS", 1, |s| s.loudness.max_short_term_lufs),
    ("loudest 400 ms", "LUFS", 1, |s| s.loudness.max_momentary_lufs),
    ("true peak", "dBTP", 2, |s| s.loudness.true_peak_dbtp),
    ("sample peak", "dBFS", 2, |s| s.loudness.sample_peak_dbfs),
    ("peak to loudness", "dB", 1, |s| s.loudness.plr_db),
    ("least peak to short-term", "dB", 1, |s| s.loudness.min_psr_db),
    ("crest factor", "dB", 1, |s| s.loudness.crest_db),
    ("RMS", "dBFS", 1, |s| s.loudness.rms_dbfs),
    ("DR14", "", 1, |s| s.loudness.dr_db),
    ("ReplayGain 2.0", "dB", 2, |s| s.loudness.gains.map(|g| g.replay_gain_db)),
    ("R128 gain", "dB", 2, |s| s.loudness.gains.map(|g| f64::from(g.r128_gain) / 256.0)),
    ("correlation", "", 2, |s| s.portrait.space.as_ref()?.correlation),
    ("side against middle", "dB", 1, |s| s.portrait.space.as_ref()?.width_db),
    ("the same below 120 Hz", "dB", 1, |s| s.portrait.space.as_ref()?.low_width_db),
    ("balance, right over left", "dB", 1, |s| s.portrait.space.as_ref()?.balance_db),
    ("lost in mono", "dB", 1, |s| s.portrait.space.as_ref()?.mono_loss_db),
];

fn said(all: Vec<words::Said>) -> Part {
    Part::Said(all.into_iter().map(|said| (said.about.into(), said.words)).collect())
}

/// The five numbers that are asked for first, each on its scale.
fn readings(subject: &Subject) -> Vec<Reading> {
    let l = &subject.loudness;
    let correlation = subject.portrait.space.as_ref().and_then(|s| s.correlation);
    let scale = |min, max, ticks, band| Scale { min, max, ticks, band };
    let all: [(&str, &str, usize, Option<f64>, Scale); 5] = [
        ("Loudness", "LUFS", 1, l.integrated_lufs, scale(-30.0, -4.0, &[-23.0, -14.0, -8.0], None)),
        ("True peak", "dBTP", 1, l.true_peak_dbtp, scale(-12.0, 3.0, &[-6.0, -1.0], Some((0.0, 3.0)))),
        ("Peak to loudness", "dB", 1, l.plr_db, scale(3.0, 22.0, &[8.0, 14.0, 20.0], Some((3.0, 6.0)))),
        ("Loudness range", "LU", 1, l.range.map(|r| r.lu), scale(0.0, 22.0, &[5.0, 10.0, 20.0], None)),
        ("Correlation", "", 2, correlation, scale(-1.0, 1.0, &[-1.0, 0.0, 1.0], Some((-1.0, 0.0)))),
    ];
    all.map(|(name, unit, places, value, scale)| Reading { name, unit, places, value, scale }).into()
}

/// The findings of a file with their times and remedies, the gravest first; `figure` is the picture over time in the same
/// section that shows them.
pub fn problems(subject: &Subject, figure: &str) -> Vec<Problem> {
    let one = |finding: &Finding| Problem {
        severity: finding.severity,
        at: when(finding).zip(finding.at.map(|at| at.from_s)),
        figure: figure.into(),
        channel: match (finding.channel, subject.portrait.channels) {
            (Some(0), 2) => "left",
            (Some(1), 2) => "right",
            _ => "",
        },
        what: sentence(&finding.message),
        remedy: sentence(finding.remedy),
        why: rules::rule(finding.rule).map_or(String::new(), |rule| rule.why.into()),
    };
    subject.by_gravity().into_iter().map(one).collect()
}

/// A capital in front and a stop behind.
fn sentence(text: &str) -> String {
    let text = signed_truly(text);
    let mut chars = text.chars();
    let mut out: String = chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect());
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// What each service makes of each file.
fn services(section: &mut Section, cast: Cast<'_>, services: &[Service]) {
    let alone = cast.alone();
    let mut head = vec!["", "plays at"];
    let names: Vec<String> = (0..cast.subjects.len()).map(|n| cast.name(n)).collect();
    if alone.is_some() {
        head.extend(["turned by", "highest peak then", "asks for"]);
    } else {
        head.extend(names.iter().map(String::as_str));
    }
    let mut table = Table::new("What each service turns it by", &head);
    for service in services.iter().filter(|service| service.plays) {
        let mut row = vec![service.name.clone(), quantity(Some(service.loudness_lufs), 0, "LUFS")];
        let gain = |l: &Loudness| match service.gain_db(l) {
            Some(gain) => format!("{}\u{a0}dB", signed(gain, 1)),
            None if l.integrated_lufs.is_some() => "not known".into(),
            None => "–".into(),
        };
        match alone {
            Some(subject) => {
                let l = &subject.loudness;
                row.push(gain(l));
                let peak = service.gain_db(l).zip(l.true_peak_dbtp).map(|(gain, peak)| gain + peak);
                row.push(quantity(peak, 1, "dBTP"));
                row.push(quantity(Some(service.ceiling_dbtp), 0, "dBTP at most"));
            }
            None => row.extend(cast.subjects.iter().map(|s| gain(&s.loudness))),
        }
        table.row(row);
    }
    section.table(&table);
    let mut table = Table::new("What standards ask for", &head_of_standards(&names, alone.is_some()));
    for service in services.iter().filter(|service| !service.plays) {
        let mut row = vec![service.name.clone(), quantity(Some(service.loudness_lufs), 0, "LUFS")];
        row.extend(cast.subjects.iter().map(|s| match s.loudness.integrated_lufs {
            Some(lufs) => format!("{}\u{a0}LU", signed(lufs - service.loudness_lufs, 1)),
            None => "–".into(),
        }));
        table.row(row);
    }
    if !table.rows.is_empty() {
        section.table(&table);
    }
    let source = |service: &Service| format!("{}: {} ({})", service.name, service.source, service.date);
    section.part(Part::Sources(services.iter().map(source).collect()));
}

fn head_of_standards(names: &[String], alone: bool) -> Vec<&str> {
    let mut head = vec!["", "asks for"];
    if alone {
        head.push("this is off by");
    } else {
        head.extend(names.iter().map(String::as_str));
    }
    head
}

fn channels(subject: &Subject) -> Table {
    let head = ["channel", "true peak", "sample peak", "loudness alone", "RMS", "crest", "DR14"];
    let mut table = Table::new("Each channel", &head);
    let names: &[&str] = if subject.loudness.channels.len() == 2 { &["left", "right"] } else { &["mono"] };
    for (name, channel) in names.iter().zip(&subject.loudness.channels) {
        table.row([
            (*name).into(),
            quantity(channel.true_peak_dbtp, 2, "dBTP"),
            quantity(channel.sample_peak_dbfs, 2, "dBFS"),
            quantity(channel.integrated_lufs, 1, "LUFS"),
            quantity(channel.rms_dbfs, 1, "dBFS"),
            quantity(channel.crest_db, 1, "dB"),
            quantity(channel.dr_db, 1, ""),
        ]);
    }
    table
}
