//! The heap against a model, on little memory: what is reachable keeps its contents, the rest is given back,
//! and where there is no room the answer is `None`. Run by Miri too: `cargo xtask miri`.

extern crate std;

use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use super::{Body, Header, Heap, Marker, Object, Ref, Tailed, Trace, Vector};
use crate::value::Value;

/// How many steps a run has; Miri is a thousand times slower.
const STEPS: usize = if cfg!(miri) { 400 } else { 20_000 };

/// A body with a number, a value and a vector of values.
#[derive(Clone, Copy)]
struct Node {
    id: u32,
    next: Value,
    kids: Vector<Value>,
}

impl Trace for Node {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.next);
        marker.values(&self.kids);
    }
}
impl Object for Node {
    const KIND: u8 = 200;
}

/// Bytes behind a body.
#[derive(Clone, Copy)]
struct Text {
    id: u32,
}

impl Trace for Text {
    fn trace(&self, _: &mut Marker<'_, '_>) {}
}
impl Object for Text {
    const KIND: u8 = 201;
}
impl Tailed for Text {
    type Item = u8;
}

/// A body that the runtime does not know.
#[derive(Clone)]
struct Guest {
    id: u32,
    held: Value,
}

impl Body for Guest {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.held);
    }
}

fn tracer(heap: &Heap<'_>, header: Header, value: Value, marker: &mut Marker<'_, '_>) {
    match header.kind() {
        Node::KIND => heap[heap.expect::<Node>(value)].trace(marker),
        Text::KIND => {}
        _ => heap.trace_foreign(value, marker),
    }
}

/// What an object must hold.
#[derive(Clone)]
enum Known {
    Node(u32, Option<usize>, Vec<usize>),
    Text(u32, Vec<u8>),
    Guest(u32, Option<usize>),
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }
}

/// Objects by number, with what they must hold, and which of them are roots.
struct World<'m> {
    heap: Heap<'m>,
    made: BTreeMap<usize, (Value, Known)>,
    roots: Vec<usize>,
    count: usize,
}

impl World<'_> {
    fn value(&self, number: Option<usize>) -> Value {
        number.map_or(Value::NONE, |number| self.made[&number].0)
    }

    /// One of the objects that a root leads to.
    fn pick(&self, random: &mut Random) -> Option<usize> {
        (!self.roots.is_empty()).then(|| self.roots[random.below(self.roots.len())])
    }

    fn keep(&mut self, value: Value, known: Known) {
        self.made.insert(self.count, (value, known));
        self.roots.push(self.count);
        self.count += 1;
    }

    /// Makes an object; false when there is no room.
    fn make(&mut self, random: &mut Random) -> bool {
        let id = self.count as u32;
        let next = self.pick(random);
        match random.below(3) {
            0 => {
                let node = Node {
                    id,
                    next: self.value(next),
                    kids: Vector::new(),
                };
                let made = self.heap.try_new(node);
                if let Some(made) = made {
                    self.keep(made.value(), Known::Node(id, next, vec![]));
                }
                made.is_some()
            }
            1 => {
                let len = random.below(200);
                let fill = random.below(256) as u8;
                let made = self.heap.try_tailed(Text { id }, len, fill);
                if let Some(made) = made {
                    if let Some(first) = self.heap.tail_mut(made).first_mut() {
                        *first = !fill;
                    }
                    let mut bytes = vec![fill; len];
                    if let Some(first) = bytes.first_mut() {
                        *first = !fill;
                    }
                    self.keep(made.value(), Known::Text(id, bytes));
                }
                made.is_some()
            }
            _ => {
                let held = self.value(next);
                match self.heap.try_foreign(7, Guest { id, held }) {
                    Ok(value) => self.keep(value, Known::Guest(id, next)),
                    Err(guest) => {
                        assert_eq!(guest.id, id, "a body that found no room comes back");
                        return false;
                    }
                }
                true
            }
        }
    }

    /// Adds a kid to a node, as `Vm::reserve` does; false when there is no room.
    fn adopt(&mut self, random: &mut Random) -> bool {
        let Some(parent) = self.pick(random) else {
            return true;
        };
        let kid = self.pick(random).expect("there is a root");
        let (value, known) = self.made[&parent].clone();
        let Known::Node(id, next, mut kids) = known else {
            return true;
        };
        let node: Ref<Node> = self.heap.expect(value);
        let vector = self.heap[node].kids;
        if vector.len() == vector.capacity() {
            let capacity = vector.capacity() * 2 + 1;
            let bytes = capacity * size_of::<Value>();
            let old = vector.address();
            if let Some(address) = old.filter(|&address| self.heap.try_grow(address, bytes)) {
                self.heap[node].kids.moved(address, capacity);
            } else {
                let Some(address) = self.heap.try_storage(bytes) else {
                    return false;
                };
                let mut moved = Vector::new();
                moved.moved(address, capacity);
                moved.refill(&vector);
                self.heap[node].kids = moved;
                if let Some(old) = old {
                    self.heap.free_storage(old);
                }
            }
        }
        let kid_value = self.value(Some(kid));
        self.heap[node].kids.push_within(kid_value);
        kids.push(kid);
        self.made
            .insert(parent, (value, Known::Node(id, next, kids)));
        true
    }

    /// Makes a text shorter, or a vector give its room back.
    fn shorten(&mut self, random: &mut Random) {
        let Some(number) = self.pick(random) else {
            return;
        };
        let (value, known) = self.made[&number].clone();
        let known = match known {
            Known::Text(id, mut bytes) => {
                bytes.truncate(random.below(bytes.len() + 1));
                let text: Ref<Text> = self.heap.expect(value);
                self.heap.shorten(text, bytes.len());
                Known::Text(id, bytes)
            }
            Known::Node(id, next, mut kids) => {
                let node: Ref<Node> = self.heap.expect(value);
                kids.truncate(random.below(kids.len() + 1));
                self.heap[node].kids.truncate(kids.len());
                if let Some(address) = self.heap[node].kids.address() {
                    let capacity = kids.len().max(1);
                    self.heap.shrink(address, capacity * size_of::<Value>());
                    self.heap[node].kids.moved(address, capacity);
                }
                Known::Node(id, next, kids)
            }
            guest @ Known::Guest(..) => guest,
        };
        self.made.insert(number, (value, known));
    }

    fn collect(&mut self) {
        let roots: Vec<Value> = self.roots.iter().map(|root| self.made[root].0).collect();
        self.heap.forget_recent();
        self.heap.collect(tracer, |marker, again| {
            for &root in &roots {
                marker.value(root);
                assert!(!again || marker.is_marked(root));
            }
        });
        // What no root leads to is gone: nothing may look at it again.
        let mut reached = BTreeMap::new();
        let mut waiting = self.roots.clone();
        while let Some(number) = waiting.pop() {
            if reached.contains_key(&number) {
                continue;
            }
            let (value, known) = self.made[&number].clone();
            match &known {
                Known::Node(_, next, kids) => {
                    waiting.extend(next);
                    waiting.extend(kids);
                }
                Known::Guest(_, held) => waiting.extend(held),
                Known::Text(..) => {}
            }
            reached.insert(number, (value, known));
        }
        self.made = reached;
    }

    /// Everything holds what it must.
    fn check(&self) {
        for (value, known) in self.made.values() {
            match known {
                Known::Node(id, next, kids) => {
                    let node = &self.heap[self.heap.expect::<Node>(*value)];
                    assert!(node.id == *id && node.next == self.value(*next));
                    let kids: Vec<Value> = kids.iter().map(|&kid| self.value(Some(kid))).collect();
                    assert!(node.kids[..] == kids[..]);
                    assert!(self.heap.cast::<Text>(*value).is_none());
                }
                Known::Text(id, bytes) => {
                    let text: Ref<Text> = self.heap.expect(*value);
                    assert_eq!(self.heap[text].id, *id);
                    assert_eq!(self.heap.tail(text), &bytes[..]);
                }
                Known::Guest(id, held) => {
                    let guest: &Guest = self.heap.foreign(*value).expect("a guest");
                    assert!(guest.id == *id && guest.held == self.value(*held));
                    assert!(self.heap.foreign::<Other>(*value).is_none());
                }
            }
        }
    }
}

/// As large as a [`Guest`], and another type.
#[derive(Clone)]
struct Other(#[expect(dead_code, reason = "only its size matters")] [usize; 2]);

impl Body for Other {}

fn run(words: usize, seed: u64) -> (usize, usize) {
    let mut memory = vec![usize::MAX; words];
    let mut world = World {
        heap: Heap::new(&mut memory),
        made: BTreeMap::new(),
        roots: Vec::new(),
        count: 0,
    };
    let mut random = Random(seed | 1);
    let mut full = 0;
    for step in 0..STEPS {
        let found_room = match random.below(10) {
            0..=4 => world.make(&mut random),
            5..=7 => world.adopt(&mut random),
            8 => {
                world.shorten(&mut random);
                true
            }
            _ => {
                let keep = random.below(world.roots.len() + 1);
                world.roots.truncate(keep);
                true
            }
        };
        if !found_room || step % 97 == 0 {
            full += usize::from(!found_room);
            if full % 3 == 0 {
                let half = world.roots.len() / 2;
                world.roots.drain(..half);
            }
            world.collect();
            world.check();
        }
    }
    world.check();
    world.roots.clear();
    world.collect();
    let left = world.heap.statistics();
    assert_eq!(left.used, 0, "everything was given back");
    assert_eq!(left.longest_free * super::BLOCK, left.total);
    (full, world.count)
}

#[test]
fn model_agrees_on_heaps_of_all_sizes() {
    let mut full = 0;
    for (index, words) in [24, 63, 200, 1000, 4096, 20_000].into_iter().enumerate() {
        for seed in 1..3 {
            let (refused, made) = run(words, seed * 7919 + index as u64);
            assert!(words < 100 || made > 20, "{words}: {made}");
            full += refused;
        }
    }
    assert!(full > 20, "heaps became full: {full}");
}

#[test]
fn memory_too_small_for_a_block_refuses_everything() {
    for words in 0..12 {
        let mut memory = vec![0; words];
        let mut heap = Heap::new(&mut memory);
        while heap.try_new(Text { id: 1 }).is_some() {}
        assert!(heap.try_storage(1 << 20).is_none());
        assert!(heap.try_tailed(Text { id: 2 }, usize::MAX, 0).is_none());
        heap.collect(tracer, |_, _| {});
    }
}

#[test]
fn long_chains_are_marked_without_recursion() {
    let count = if cfg!(miri) { 200 } else { 20_000 };
    let mut memory = vec![0; count * 16];
    let mut heap = Heap::new(&mut memory);
    let mut last = Value::NONE;
    for id in 0..count {
        let node = Node {
            id: id as u32,
            next: last,
            kids: Vector::new(),
        };
        last = heap.try_new(node).expect("room for all").value();
        heap.forget_recent();
    }
    heap.collect(tracer, |marker, _| marker.value(last));
    let mut seen = 0;
    while last != Value::NONE {
        last = heap[heap.expect::<Node>(last)].next;
        seen += 1;
    }
    assert_eq!(seen, count);
}

#[test]
fn wide_objects_overflow_the_stack_of_the_marker() {
    let mut memory = vec![0; 40_000];
    let mut heap = Heap::new(&mut memory);
    let kids = 500;
    let node = |id, next| Node {
        id,
        next,
        kids: Vector::new(),
    };
    let parent = heap.try_new(node(0, Value::NONE)).expect("room");
    let storage = heap.try_storage(kids * size_of::<Value>()).expect("room");
    heap[parent].kids.moved(storage, kids);
    for id in 0..kids as u32 {
        let leaf = heap.try_new(node(1000 + id, Value::NONE)).expect("room");
        let kid = heap.try_new(node(1 + id, leaf.value())).expect("room");
        heap[parent].kids.push_within(kid.value());
    }
    heap.forget_recent();
    heap.collect(tracer, |marker, _| marker.value(parent.value()));
    for (index, &kid) in heap[parent].kids.iter().enumerate() {
        let kid = &heap[heap.expect::<Node>(kid)];
        let leaf = &heap[heap.expect::<Node>(kid.next)];
        assert_eq!((kid.id, leaf.id), (1 + index as u32, 1000 + index as u32));
    }
}

#[test]
fn what_was_allocated_last_needs_no_root() {
    let mut memory = vec![0; 4096];
    let mut heap = Heap::new(&mut memory);
    let fresh: Vec<Ref<Text>> = (0..super::RECENT as u32)
        .map(|id| heap.try_tailed(Text { id }, 9, id as u8).expect("room"))
        .collect();
    heap.collect(tracer, |_, _| {});
    for (id, &text) in fresh.iter().enumerate() {
        assert_eq!(heap.tail(text), &[id as u8; 9]);
    }
    heap.forget_recent();
    heap.collect(tracer, |_, _| {});
    assert_eq!(heap.statistics().used, 0);
}
