use super::*;
use crate::mix::MixOptions;
use crate::progress::Silent;

/// A song of two tracks with a filter and a compressor, on disk.
pub(super) fn song(folder: &Path) -> PathBuf {
    for (name, seed) in [("a.wav", 1), ("b.wav", 2)] {
        let sound = tonmeister_dsp::testing::stereo_noise(seed, 0.3, 96_000);
        let format = tonmeister_media::Format::Wav(tonmeister_media::SampleFormat::Float32);
        let mut writer = tonmeister_media::Writer::create(folder.join(name), format, 48_000, Layout::Stereo).unwrap();
        writer.write(sound.view(96_000)).unwrap();
        writer.finish().unwrap();
    }
    let text = "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n\n[[track.insert]]\n\
                effect = \"eq\"\nhighpass = { hz = 60.0 }\n\n[[track]]\nid = \"b\"\naudio = \"b.wav\"\nfader_db = -6.0\n\n\
                [[track.insert]]\neffect = \"compressor\"\nthreshold_db = -20.0\n";
    let path = folder.join("song.toml");
    std::fs::write(&path, text).unwrap();
    path
}

pub(super) fn options(listener: Listener) -> PlayOptions {
    PlayOptions {
        listener,
        version: None,
        ear: crate::ear::Ear::default(),
        from: Spot::Seconds(0.0),
        loop_s: None,
        for_s: None,
        periods: 2,
        block: 256,
        watch: false,
        meters: Vec::new(),
    }
}

#[test]
fn what_is_played_into_a_file_is_the_mix() {
    let folder = tempfile::tempdir().unwrap();
    let (world, path) = (World::new(), song(folder.path()));
    let (mix, played) = (folder.path().join("mix.wav"), folder.path().join("played.wav"));
    let mixed = MixOptions::whole(mix.clone(), Depth::Float32);
    let mixed = world.mix(&path, &mixed, &mut Silent).unwrap();
    let to = options(Listener::File(played.clone(), Depth::Float32));
    let to = PlayOptions { for_s: Some(2.0), ..to };
    let report = world.play(&path, &to, &mut Silent, &mut |remark| panic!("{remark}")).unwrap();
    let frames = report.written.unwrap().frames;
    assert_eq!((frames, report.missed_frames, report.xruns), (96_000, 0, 0));
    assert!(mixed.written.frames >= frames);
    let read = |path: &Path| {
        let mut source = tonmeister_media::open(path).unwrap().source;
        let mut sound = tonmeister_core::Buffer::new(Layout::Stereo, frames as usize);
        assert_eq!(source.read(&mut sound.block(frames as usize)).unwrap(), frames as usize);
        sound
    };
    assert!(read(&mix) == read(&played), "live and offline have the same bits");
}

#[test]
fn nobody_listens_and_a_loop_needs_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let (world, path) = (World::new(), song(folder.path()));
    let nobody = PlayOptions { loop_s: Some((0.5, 1.0)), for_s: Some(3.0), ..options(Listener::Nobody(20.0)) };
    let report = world.play(&path, &nobody, &mut Silent, &mut |_| ()).unwrap();
    assert!((report.played_s - 3.0).abs() < 0.01, "{}", report.played_s);
    assert!(report.turn_to_sound_ms < 50.0);
    let endless = options(Listener::File(folder.path().join("x.wav"), Depth::Int24));
    let endless = PlayOptions { loop_s: Some((0.5, 1.0)), ..endless };
    let refused = world.play(&path, &endless, &mut Silent, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("--for"), "{refused}");
    let nowhere = PlayOptions { from: Spot::Seconds(-1.0), ..options(Listener::Nobody(1.0)) };
    assert!(world.play(&path, &nowhere, &mut Silent, &mut |_| ()).is_err());
    let short = PlayOptions { loop_s: Some((0.5, 0.5)), ..options(Listener::Nobody(1.0)) };
    assert!(world.play(&path, &short, &mut Silent, &mut |_| ()).is_err());
}

/// A version that turns the master down by 6 dB is heard so, from a bar on; one that is not there is refused.
#[test]
fn a_version_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let (world, path) = (World::new(), song(folder.path()));
    let text = std::fs::read_to_string(&path).unwrap();
    let quiet = "\n[[version]]\nid = \"quiet\"\nset = { \"master/fader_db\" = -6.0 }\n";
    std::fs::write(&path, text + quiet).unwrap();
    let played = |name: &str, version: Option<&str>| {
        let to = folder.path().join(name);
        let options = options(Listener::File(to, Depth::Float32));
        let (version, from) = (version.map(str::to_owned), "1|2".parse().unwrap());
        let options = PlayOptions { version, from, for_s: Some(1.0), ..options };
        world.play(&path, &options, &mut Silent, &mut |remark| panic!("{remark}"))
    };
    let [song, quiet] = [None, Some("quiet")].map(|version| {
        let name = if version.is_some() { "quiet.wav" } else { "song.wav" };
        played(name, version).unwrap().written.unwrap().loudness.integrated_lufs.unwrap()
    });
    assert!((song - quiet - 6.0).abs() < 0.01, "{song} and {quiet} LUFS");
    assert!(played("none.wav", Some("quite")).unwrap_err().to_string().contains("quiet"));
}
