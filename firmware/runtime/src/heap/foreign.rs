//! Objects whose body the runtime does not know: those of the types of a [`Library`](crate::Library).
//!
//! ```text
//! [header: kind, number of the type in place of a tail length][table][body]
//! ```
//!
//! The table says which Rust type the body has and how it is traced, so that a body can be read as no other
//! type, whatever the numbers say.
#![expect(unsafe_code, reason = "bodies of any type are placed in raw memory")]

use core::any;
use core::mem::needs_drop;
use core::ptr;

use super::{BLOCK, Header, Heap, Marker};
use crate::value::Value;

/// What a [`Library`](crate::Library) keeps in an object: plain data and values. It is never dropped.
pub trait Body: Clone + Send + 'static {
    /// Passes every value in it to `marker`; a value that is not passed may be freed.
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        let _ = marker;
    }
}

/// The kind of these objects.
pub(crate) const FOREIGN: u8 = 0;

/// What is known about the type of a body.
pub(super) struct Table {
    identity: fn() -> any::TypeId,
    trace: fn(&Heap<'_>, Value, &mut Marker<'_, '_>),
}

struct Of<T>(T);

impl<T: Body> Of<T> {
    const TABLE: &'static Table = &Table {
        identity: any::TypeId::of::<T>,
        trace: |heap, value, marker| {
            if let Some(body) = heap.foreign::<T>(value) {
                body.trace(marker);
            }
        },
    };
}

#[repr(C)]
struct Foreign<T> {
    header: Header,
    table: &'static Table,
    body: T,
}

impl Heap<'_> {
    /// Allocates an object of the type with a number, or gives the body back.
    pub(crate) fn try_foreign<T: Body>(&mut self, number: u8, body: T) -> Result<Value, T> {
        const {
            assert!(align_of::<T>() <= 16, "a block is aligned to 16 bytes");
            assert!(!needs_drop::<T>(), "a body is never dropped");
        }
        let Some(header) = Header::new(FOREIGN, usize::from(number)) else {
            return Err(body);
        };
        let Some(first) = self.take(size_of::<Foreign<T>>().div_ceil(BLOCK)) else {
            return Err(body);
        };
        self.table.set_object(first, true);
        let address = self.address_of(first);
        let pointer: *mut Foreign<T> = ptr::with_exposed_provenance_mut(address);
        let object = Foreign {
            header,
            table: Of::<T>::TABLE,
            body,
        };
        // SAFETY: the blocks were free and are large enough; a block is aligned for any body.
        unsafe { pointer.write(object) };
        self.remember(address);
        Ok(Value::from_address(address))
    }

    /// The table of an object of the kind of foreign objects.
    fn foreign_table(&self, value: Value) -> Option<&'static Table> {
        let header = self.header(value)?;
        if header.kind() != FOREIGN {
            return None;
        }
        let pointer: *const Foreign<()> = ptr::with_exposed_provenance(value.address()?);
        // SAFETY: only `try_foreign` makes objects of this kind, and each begins with header and table.
        let object = unsafe { &*pointer };
        Some(object.table)
    }

    fn foreign_pointer<T: Body>(&self, value: Value) -> Option<*mut Foreign<T>> {
        let table = self.foreign_table(value)?;
        if (table.identity)() != any::TypeId::of::<T>() {
            return None;
        }
        Some(ptr::with_exposed_provenance_mut(value.address()?))
    }

    /// The body of an object, if it is of this type.
    pub(crate) fn foreign<T: Body>(&self, value: Value) -> Option<&T> {
        let pointer = self.foreign_pointer::<T>(value)?;
        // SAFETY: the table has told that the body is a `T`; the heap is borrowed.
        let object = unsafe { &*pointer };
        Some(&object.body)
    }

    /// The body of an object for writing, if it is of this type.
    pub(crate) fn foreign_mut<T: Body>(&mut self, value: Value) -> Option<&mut T> {
        let pointer = self.foreign_pointer::<T>(value)?;
        // SAFETY: as in `foreign`; the heap is borrowed exclusively.
        let object = unsafe { &mut *pointer };
        Some(&mut object.body)
    }

    /// Passes the values in the body to the marker.
    pub(crate) fn trace_foreign(&self, value: Value, marker: &mut Marker<'_, '_>) {
        if let Some(table) = self.foreign_table(value) {
            (table.trace)(self, value, marker);
        }
    }
}
