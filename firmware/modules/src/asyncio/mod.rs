//! `_asyncio`: the tasks of `asyncio` and the queues they wait in. The rest of `asyncio` is Python beside this file,
//! compiled by `build.rs` and found in `.frozen`.
//!
//! A queue is a list kept in the order of times, tasks of the same time in the order they came. Programs have
//! tens of tasks: a move of a few words is cheaper than a heap, and nothing is allocated while the list has room.

use upy_runtime::{
    Args, Body, Entry, Item, Marker, Qstr, Result, Slots, TypeId, TypeInfo, Value, Vm, function,
    item, text,
};

use crate::names as q;
use crate::{roots, types};

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::_asyncio),
    item(q::Task, Item::Type(types::TASK)),
    item(q::TaskQueue, Item::Type(types::TASK_QUEUE)),
    item(q::tasks, Item::Get(run_queue)),
    function(q::current, current, 0, 1),
];

const TASK_ENTRIES: &[Entry] = &[
    function(q::__iter__, task_iter, 1, 1),
    function(q::__next__, task_next, 1, 1),
    function(q::done, task_done, 1, 1),
    function(q::cancel, task_cancel, 1, 1),
];

const QUEUE_ENTRIES: &[Entry] = &[
    function(q::push, queue_push, 2, 3),
    function(q::pop, queue_pop, 1, 1),
    function(q::peek, queue_peek, 1, 1),
    function(q::remove, queue_remove, 2, 2),
];

pub(crate) static TASK: TypeInfo = TypeInfo {
    name: q::Task,
    base: TypeId::Object,
    make: Some(make_task),
    entries: TASK_ENTRIES,
    slots: &Slots {
        load: Some(load),
        store: Some(store),
        ..Slots::NONE
    },
};

pub(crate) static TASK_QUEUE: TypeInfo = TypeInfo {
    name: q::TaskQueue,
    base: TypeId::Object,
    make: Some(make_queue),
    entries: QUEUE_ENTRIES,
    slots: &Slots::NONE,
};

/// Ticks count modulo twice this; as in `time`.
const HALF: isize = 1 << 29;

/// A coroutine being run.
#[derive(Clone, Copy)]
struct Task {
    coro: Value,
    /// While it waits: what it waits for. When it is to be resumed: an exception to throw. At the end: what it
    /// raised, `StopIteration` for a result.
    data: Value,
    /// Who waits for it: `None`, or a queue.
    waiting: Value,
    /// Called with the task when it ends, or `None`.
    watcher: Value,
    /// When it is to run, in ticks.
    when: isize,
    finished: bool,
    /// Somebody has waited for it, so its exception is known.
    retrieved: bool,
}

impl Body for Task {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        for value in [self.coro, self.data, self.waiting, self.watcher] {
            marker.value(value);
        }
    }
}

/// Tasks in the order of their times.
#[derive(Clone, Copy)]
struct Queue {
    list: Value,
}

impl Body for Queue {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.list);
    }
}

fn ticks(vm: &mut Vm<'_>) -> isize {
    (vm.host().ticks_us() / 1000) as isize & (2 * HALF - 1)
}

/// How much later `a` is than `b`.
fn ticks_diff(a: isize, b: isize) -> isize {
    (a.wrapping_sub(b).wrapping_add(HALF) & (2 * HALF - 1)) - HALF
}

// ---- queues ------------------------------------------------------------------------------------------------

fn make_queue(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count + args.keywords > 0 {
        return Err(vm.wrong_count(0, 0, args.count));
    }
    let list = vm.new_list(&[])?.value();
    vm.new_object(class, Queue { list })
}

/// The queue of tasks to be run.
fn run_queue(vm: &mut Vm<'_>) -> Result<Value> {
    let queue = vm.root(roots::TASKS);
    if !queue.is_none() {
        return Ok(queue);
    }
    let list = vm.new_list(&[])?.value();
    let queue = vm.new_object(types::TASK_QUEUE, Queue { list })?;
    vm.set_root(roots::TASKS, queue);
    Ok(queue)
}

fn list_of(vm: &mut Vm<'_>, queue: Value) -> Result<Value> {
    match vm.body::<Queue>(queue) {
        Some(queue) => Ok(queue.list),
        None => Err(vm.type_error(b"TaskQueue expected")),
    }
}

fn place_of(vm: &Vm<'_>, list: Value, task: Value) -> Option<usize> {
    vm.items_of(list)?.iter().position(|&item| item == task)
}

fn len(vm: &Vm<'_>, list: Value) -> usize {
    vm.items_of(list).map_or(0, <[Value]>::len)
}

/// Adds a task behind those that are not later.
fn push(vm: &mut Vm<'_>, queue: Value, task: Value, when: isize) -> Result<()> {
    let list = list_of(vm, queue)?;
    match vm.body_mut::<Task>(task) {
        Some(body) => body.when = when,
        None => return Err(vm.type_error(b"Task expected")),
    }
    vm.append(list, task)?;
    let mut at = len(vm, list) - 1;
    while at > 0 {
        let before = vm.item_at(list, at - 1).unwrap_or(Value::NONE);
        let earlier = vm.body::<Task>(before).map_or(when, |body| body.when);
        if ticks_diff(when, earlier) >= 0 {
            break;
        }
        vm.set_item(list, at, before);
        at -= 1;
    }
    vm.set_item(list, at, task);
    Ok(())
}

fn remove_at(vm: &mut Vm<'_>, list: Value, at: usize) {
    let count = len(vm, list);
    for index in at + 1..count {
        let item = vm.item_at(list, index).unwrap_or(Value::NONE);
        vm.set_item(list, index - 1, item);
    }
    vm.truncate_list(list, count.saturating_sub(1));
}

/// `push(task, ticks=now)`
fn queue_push(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (queue, task) = (args.at(vm, 0), args.at(vm, 1));
    let when = if args.count > 2 {
        vm.int_arg(args, 2)?
    } else {
        // A queue of waiting tasks has no times: they stay in the order they came.
        ticks(vm)
    };
    push(vm, queue, task, when)?;
    Ok(Value::NONE)
}

/// `peek()`: the first task, or `None`
fn queue_peek(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let queue = args.at(vm, 0);
    let list = list_of(vm, queue)?;
    Ok(vm.item_at(list, 0).unwrap_or(Value::NONE))
}

/// `pop()`: the first task
fn queue_pop(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let queue = args.at(vm, 0);
    let list = list_of(vm, queue)?;
    let Some(task) = vm.item_at(list, 0) else {
        return Err(vm.raise_text(TypeId::IndexError, b"empty heap"));
    };
    remove_at(vm, list, 0);
    Ok(task)
}

/// `remove(task)`
fn queue_remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (queue, task) = (args.at(vm, 0), args.at(vm, 1));
    let list = list_of(vm, queue)?;
    if let Some(at) = place_of(vm, list, task) {
        remove_at(vm, list, at);
    }
    Ok(Value::NONE)
}

// ---- tasks -------------------------------------------------------------------------------------------------

/// `Task(coroutine)`
fn make_task(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let task = Task {
        coro: args.at(vm, 0),
        data: Value::NONE,
        waiting: Value::NONE,
        watcher: Value::NONE,
        when: 0,
        finished: false,
        retrieved: false,
    };
    vm.new_object(class, task)
}

/// `current()`, `current(task)`: the task that is running; set by the loop.
fn current(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    match args.get(vm, 0) {
        Some(task) => {
            vm.set_root(roots::CURRENT_TASK, task);
            Ok(task)
        }
        None => Ok(vm.root(roots::CURRENT_TASK)),
    }
}

fn load(vm: &mut Vm<'_>, object: Value, name: Qstr) -> Result<Option<Value>> {
    let Some(&task) = vm.body::<Task>(object) else {
        return Ok(None);
    };
    Ok(match name {
        q::coro => Some(task.coro),
        q::data => Some(task.data),
        q::waiting => Some(task.waiting),
        q::watcher => Some(task.watcher),
        q::when => Some(Value::small(task.when)),
        q::finished => Some(Value::bool(task.finished)),
        q::retrieved => Some(Value::bool(task.retrieved)),
        _ => None,
    })
}

fn store(vm: &mut Vm<'_>, object: Value, name: Qstr, value: Option<Value>) -> Result<bool> {
    let Some(value) = value else { return Ok(false) };
    let truth = vm.truth(value)?;
    let Some(task) = vm.body_mut::<Task>(object) else {
        return Ok(false);
    };
    match name {
        q::coro => task.coro = value,
        q::data => task.data = value,
        q::watcher => task.watcher = value,
        q::finished => task.finished = truth,
        _ => return Ok(false),
    }
    Ok(true)
}

fn task_done(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(Value::bool(vm.this::<Task>(args)?.finished))
}

/// Begins to wait for a task.
fn task_iter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let task = vm.this::<Task>(args)?;
    let object = args.at(vm, 0);
    if task.finished {
        if let Some(body) = vm.body_mut::<Task>(object) {
            body.retrieved = true;
        }
        return Ok(object);
    }
    if !task.watcher.is_none() {
        return Err(vm.raise_text(TypeId::RuntimeError, b"can't wait"));
    }
    if task.waiting.is_none() {
        let list = vm.new_list(&[])?.value();
        let queue = vm.new_object(types::TASK_QUEUE, Queue { list })?;
        if let Some(body) = vm.body_mut::<Task>(object) {
            body.waiting = queue;
            body.retrieved = true;
        }
    }
    Ok(object)
}

/// Waits for a task, or gives what it has raised or returned.
fn task_next(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let task = vm.this::<Task>(args)?;
    let object = args.at(vm, 0);
    if task.finished {
        return Err(vm.raise_value(task.data));
    }
    let waiter = vm.root(roots::CURRENT_TASK);
    push(vm, task.waiting, waiter, 0)?;
    if let Some(body) = vm.body_mut::<Task>(waiter) {
        body.data = object;
    }
    Ok(Value::NONE)
}

/// Lets `CancelledError` be thrown into a task, or into the one it waits for in the end.
fn task_cancel(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let mut object = args.at(vm, 0);
    let mut task = vm.this::<Task>(args)?;
    if task.finished {
        return Ok(Value::FALSE);
    }
    if object == vm.root(roots::CURRENT_TASK) {
        return Err(vm.raise_text(TypeId::RuntimeError, b"can't cancel self"));
    }
    while let Some(&inner) = vm.body::<Task>(task.data) {
        (object, task) = (task.data, inner);
    }
    let tasks = run_queue(vm)?;
    let remove = if vm.native_of(task.data).is_none() {
        None
    } else {
        vm.try_attr(task.data, q::remove)?
    };
    let now = ticks(vm);
    match remove {
        Some(remove) => {
            vm.call(remove, &[object])?;
            push(vm, tasks, object, now)?;
        }
        None => {
            let list = list_of(vm, tasks)?;
            if let Some(at) = place_of(vm, list, object).filter(|_| ticks_diff(task.when, now) > 0)
            {
                remove_at(vm, list, at);
                push(vm, tasks, object, now)?;
            }
        }
    }
    let module = vm.import_module(b"asyncio.core")?;
    let error = vm.load_attr(module, q::CancelledError)?;
    let error = vm.call(error, &[])?;
    if let Some(body) = vm.body_mut::<Task>(object) {
        body.data = error;
    }
    Ok(Value::TRUE)
}
