//! Whole reports, from sounds that were really measured: well-formed, self-contained, bounded, the same every time.

use tonmeister_core::{Buffer, Layout, Severity, SourceInfo};
use tonmeister_dsp::testing::{sine, stereo_noise};
use tonmeister_measure::check::Inspector;
use tonmeister_measure::loudness::{LoudnessMeter, Options, Peaks};
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_report::{Report, Service, Story, Subject};

fn measured(name: &str, rate: u32, audio: &Buffer) -> Subject {
    heard(name, rate, audio.layout(), 1, audio)
}

/// The same sound so many times in a row.
fn heard(name: &str, rate: u32, layout: Layout, times: usize, audio: &Buffer) -> Subject {
    let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
    let mut meter = LoudnessMeter::with_options(rate, layout, options).unwrap();
    let mut portrait = PortraitMeter::new(rate, layout);
    let frames = (audio.frames() * times) as u64;
    let mut inspector = Inspector::new(SourceInfo { sample_rate: rate, layout, frames });
    for _ in 0..times {
        let view = audio.view(audio.frames());
        meter.push(view);
        portrait.push(view);
        inspector.push(view);
    }
    let (loudness, history) = meter.finish_with_history();
    Subject {
        name: name.into(),
        format: "WAV, 24-bit".into(),
        loudness,
        history,
        portrait: portrait.finish(),
        findings: inspector.finish().findings,
        remarks: vec!["The file ends <early> & says so.".into()],
    }
}

fn services() -> Vec<Service> {
    let service = |name: &str, lufs, plays, raises| Service {
        name: name.into(),
        loudness_lufs: lufs,
        ceiling_dbtp: -1.0,
        plays,
        raises,
        source: "a test <of markup>".into(),
        date: "2026-11-20".into(),
    };
    vec![
        service("Upward", -14.0, true, Some(true)),
        service("Downward", -14.0, true, Some(false)),
        service("Unknown", -16.0, true, None),
        service("Standard", -23.0, false, None),
    ]
}

/// Noise that swells, with a stretch that is cut off flat.
fn song(seconds: usize, clipped: bool) -> Buffer {
    let mut audio = stereo_noise(7, 0.5, 48_000 * seconds);
    for channel in 0..2 {
        for (n, sample) in audio.channel_mut(channel).iter_mut().enumerate() {
            let swell = 0.2 + 0.8 * (n as f32 / 48_000.0).sin().abs();
            *sample *= swell;
            if clipped && (96_000..120_000).contains(&n) {
                let beat = 0.8 + 0.5 * (n as f32 * 0.0007).sin();
                *sample = (beat * (n as f32 * 0.01).sin()).clamp(-1.0, 1.0);
            }
        }
    }
    audio
}

/// Everything that any report must be.
fn good(name: &str, report: Report<'_>) -> String {
    let html = report.html();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let page = roxmltree::Document::parse_with_options(&html, options)
        .unwrap_or_else(|error| panic!("{name}: the page is not well-formed: {error}"));
    let mut ids = std::collections::HashSet::new();
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        if let Some(id) = node.attribute("id") {
            assert!(ids.insert(id), "{name}: the id `{id}` is there twice");
        }
        for attribute in node.attributes() {
            let value = attribute.value();
            let foreign = value.contains("://") || value.starts_with("//");
            assert!(!foreign, "{name}: <{}> points outside: {value}", node.tag_name().name());
        }
        // Colors come from the page, numbers from what was measured: none may be missing.
        for attribute in node.attributes() {
            let bad = ["NaN", "inf"].iter().any(|word| attribute.value().contains(word) && attribute.name() == "d");
            assert!(!bad, "{name}: a path that leads nowhere");
        }
        if node.tag_name().name() == "svg"
            && node.attribute("class").is_none()
            && node.attribute("aria-hidden").is_none()
        {
            assert!(
                node.attribute("aria-label").is_some_and(|words| words.len() > 3),
                "{name}: a picture without words"
            );
        }
    }
    for node in page.descendants() {
        for link in ["href", "xlink:href"] {
            if let Some(target) = node.attribute(link).and_then(|target| target.strip_prefix('#')) {
                assert!(ids.contains(target), "{name}: a link to `{target}`, which is not there");
            }
        }
    }
    // Beside the names of the XML vocabularies and of the typeface's licence nothing looks like an address.
    let addresses = html.matches("://").count() - html.matches("http://www.w3.org/").count();
    assert_eq!(addresses, 0, "{name}: an address in the page");
    assert!(!html.contains("@import") && !html.contains("fetch("), "{name}: the page asks for something");
    assert_eq!(html, report.html(), "{name}: not the same twice");
    for figure in report.figures() {
        let svg = figure.svg();
        roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}, {}: {error}", figure.name));
        assert!(!svg.contains("var("), "{name}, {}: a color without a page", figure.name);
    }
    html
}

#[test]
fn a_song_with_a_fault_is_told_and_shown() {
    let subjects = [measured("so<ng & \"more\".wav", 48_000, &song(12, true))];
    let services = services();
    assert!(subjects[0].findings.iter().any(|f| f.severity >= Severity::Warning), "{:?}", subjects[0].findings);
    let report = Report::new(&subjects, &services, Story::SideBySide);
    let html = good("song", report);
    for word in ["so&lt;ng &amp; &quot;more&quot;.wav", "data-at=", "Downward", "LUFS", "<caption>", "gravity warning"]
    {
        assert!(html.contains(word), "{word} is missing");
    }
    let names: Vec<String> = report.figures().into_iter().map(|figure| figure.name).collect();
    assert_eq!(
        names,
        ["waveform", "loudness", "peaks", "spectrum", "corridor", "spectrogram", "stereo", "correlation"]
    );
    for picture in report.pictures().unwrap() {
        let image = png::Decoder::new(std::io::Cursor::new(&picture.png)).read_info().unwrap();
        assert_eq!(image.info().width, 1920, "{}", picture.name);
    }
}

#[test]
fn odd_sounds_give_good_pages() {
    let services = services();
    let tone = sine(440.0, 0.5, 44_100, 44_100 * 5);
    let mut broken = song(5, false);
    broken.channel_mut(0)[1000..1100].fill(f32::NAN);
    broken.channel_mut(1)[5000] = f32::INFINITY;
    let mut one_sided = song(5, false);
    one_sided.channel_mut(1).fill(0.0);
    let cases = [
        ("silence", 48_000, Buffer::new(Layout::Stereo, 48_000 * 4)),
        ("nothing", 48_000, Buffer::new(Layout::Stereo, 0)),
        ("one sample", 48_000, Buffer::from_mono(vec![0.5])),
        ("mono", 44_100, Buffer::from_mono(tone)),
        ("low rate", 8_000, Buffer::from_mono(sine(300.0, 0.1, 8_000, 24_000))),
        ("high rate", 192_000, stereo_noise(3, 0.2, 96_000)),
        ("no numbers", 48_000, broken),
        ("one side", 48_000, one_sided),
        ("far too loud", 48_000, Buffer::from_mono(sine(100.0, 1e6, 48_000, 96_000))),
        ("far too quiet", 48_000, Buffer::from_mono(sine(100.0, 1e-7, 48_000, 96_000))),
    ];
    for (name, rate, audio) in &cases {
        let subjects = [measured(name, *rate, audio)];
        let html = good(name, Report::new(&subjects, &services, Story::SideBySide));
        assert!(html.len() < 1_500_000, "{name}: {} bytes", html.len());
        for picture in Report::new(&subjects, &services, Story::SideBySide).pictures().unwrap() {
            assert!(picture.png.starts_with(b"\x89PNG"), "{name}, {}", picture.name);
        }
    }
    // All of them in one report, whatever their rates and lengths; and none at all.
    let subjects: Vec<Subject> = cases.iter().map(|(name, rate, audio)| measured(name, *rate, audio)).collect();
    good("all together", Report::new(&subjects, &services, Story::SideBySide));
    good("none", Report::new(&[], &services, Story::SideBySide));
    good("no services", Report::new(&subjects[..1], &[], Story::SideBySide));
}

#[test]
fn before_and_after_are_one_story() {
    let mut quiet = song(8, false);
    for channel in 0..2 {
        quiet.channel_mut(channel).iter_mut().for_each(|x| *x *= 0.5);
    }
    let subjects = [measured("mix.wav", 48_000, &quiet), measured("master.wav", 48_000, &song(8, false))];
    let services = services();
    let html = good("before and after", Report::new(&subjects, &services, Story::BeforeAfter));
    assert!(html.contains("6.0 LU louder than before"), "no difference told");
    assert!(html.contains(">change<"), "no column of differences");
    let html = good("side by side", Report::new(&subjects, &services, Story::SideBySide));
    assert!(!html.contains(">change<"));
}

#[test]
fn an_hour_fits_into_two_megabytes() {
    // Heard again and again: 63 minutes of noise, which packs worst. Measured: 0.41 MB.
    let minutes = song(60, false);
    let subjects = [heard("hour.wav", 16_000, Layout::Stereo, 21, &minutes)];
    assert!(subjects[0].seconds() > 3_600.0);
    let services = services();
    let html = good("hour", Report::new(&subjects, &services, Story::SideBySide));
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    println!("an hour: {} bytes", html.len());
}
