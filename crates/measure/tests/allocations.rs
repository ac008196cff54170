//! Needles are pushed on the audio thread: no push may ask for memory.

use std::alloc::{GlobalAlloc, Layout as Shape, System};
use std::cell::Cell;

use tonmeister_core::{GainReduction, Layout};
use tonmeister_dsp::testing::stereo_noise;
use tonmeister_measure::ballistics::{
    K, KMeter, Meter, PeakMeter, PpmMeter, PpmType, ReductionMeter, RmsMeter, TruePeakMeter, VuMeter,
};

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// The system's memory, and how often this thread has asked for it.
struct Counting;

// SAFETY: everything is handed to the system's allocator as it comes.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, shape: Shape) -> *mut u8 {
        ASKED.with(|asked| asked.set(asked.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(shape) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, shape: Shape) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, shape) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn no_needle_asks_for_memory() {
    let audio = stereo_noise(1, 0.5, 20_000);
    let layout = Layout::Stereo;
    let meters: [Box<dyn Meter>; 7] = [
        Box::new(PeakMeter::new(48_000, layout)),
        Box::new(TruePeakMeter::new(48_000, layout)),
        Box::new(RmsMeter::new(48_000, layout)),
        Box::new(VuMeter::new(48_000, layout)),
        Box::new(KMeter::new(48_000, layout, K::K20)),
        Box::new(PpmMeter::new(48_000, layout, PpmType::Din)),
        Box::new(PpmMeter::new(48_000, layout, PpmType::Bbc)),
    ];
    // The taps of the true peak are made once per process.
    TruePeakMeter::new(48_000, layout).push(audio.view(4096));
    for mut meter in meters {
        let before = ASKED.with(Cell::get);
        for from in (0..audio.frames() - 500).step_by(333) {
            meter.push(audio.view(audio.frames()).part(from, from + 333));
            let _ = meter.read(1);
        }
        assert_eq!(ASKED.with(Cell::get), before, "{}", meter.scale().title);
    }
    let mut reduction = ReductionMeter::new(48_000);
    let before = ASKED.with(Cell::get);
    reduction.push(GainReduction { now_db: 3.0, max_db: 6.0, mean_db: 1.0 }, 64);
    assert_eq!(ASKED.with(Cell::get), before);
}
