//! Nothing is allocated or freed while a processor sounds.

use std::alloc::{GlobalAlloc, Layout as Shape, System};
use std::cell::Cell;

use tonmeister_core::{Context, Event};

use crate::cases::{LONGEST, cases, layouts};
use crate::exempt::Promise;
use crate::report::every_effect;

thread_local! {
    /// How often this thread has asked for memory or given it back.
    static TIMES: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Not there any more while a thread ends, when nothing is measured.
    let _ = TIMES.try_with(|times| times.set(times.get() + 1));
}

struct Counting;

// Only an allocator sees allocations, and `GlobalAlloc` cannot be implemented in safe Rust. This one hands every call
// on to the system's as it came.
#[allow(unsafe_code)]
// SAFETY: every method forwards to `System`, whose contract is the same; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, shape: Shape) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(shape) }
    }

    unsafe fn alloc_zeroed(&self, shape: Shape) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(shape) }
    }

    unsafe fn realloc(&self, memory: *mut u8, shape: Shape, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(memory, shape, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, shape: Shape) {
        count();
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, shape) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn nothing_is_allocated_while_it_sounds() {
    every_effect(Promise::Allocation, |spec, found| {
        for case in layouts(spec).iter().flat_map(|layout| cases(spec, *layout, 48_000)) {
            let mut processor = case.build();
            let mut audio = case.noise(0.25);
            let key = case.noise(0.25);
            let events = case.script(&case.movable(), audio.frames());
            let (mut at, mut next) = (0, 0);
            for size in [256, LONGEST, 64, 1, 777].into_iter().cycle() {
                let end = (at + size).min(audio.frames());
                let here: Vec<Event> =
                    events[next..].iter().take_while(|event| (event.at as usize) < end).copied().collect();
                next += here.len();
                let here: Vec<Event> = here.into_iter().map(|e| Event { at: e.at - at as u32, ..e }).collect();
                let key = case.key.map(|_| key.view(end).part(at, end));
                let mut block = audio.block_range(at, end);
                let before = TIMES.get();
                processor.process(&mut block, &Context { events: &here, key });
                let times = TIMES.get() - before;
                if times > 0 {
                    found.breach(format!("{}: {times} times between frames {at} and {end}", case.name));
                    break;
                }
                at = end;
                if at == audio.frames() {
                    break;
                }
            }
        }
    });
}

#[test]
fn the_counter_counts() {
    let before = TIMES.get();
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(TIMES.get() - before, 2);
}
