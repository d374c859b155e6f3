//! A bigint[] of the ledger, read a few elements at a time from where it is stored: what a look-up takes does not
//! grow with the size of the batches.

use std::ops::Range;

use pgrx::pg_sys::{self, Datum};
use pgrx::varlena::varlena_to_byte_slice;

/// Elements that are read at once: about what a part of a stored value holds.
const WINDOW: usize = 256;

/// Of one dimension, without the length word: dimensions, offset of the elements or 0, type, length, lower bound.
const HEADER: usize = 20;
const LENGTH_WORD: usize = 4;
const ELEMENT: usize = 8;

pub struct StoredArray {
    array: *mut pg_sys::varlena,
    length: usize,
    /// Where the elements begin, and whether a bitmap before them tells which ones are NULL.
    elements: usize,
    has_nulls: bool,
}

impl StoredArray {
    /// # Safety
    /// The datum is a bigint[] of at most one dimension, as it is stored.
    pub unsafe fn new(datum: Datum) -> Self {
        let mut array = Self { array: datum.cast_mut_ptr(), length: 0, elements: HEADER, has_nulls: false };
        let header = array.bytes(0, HEADER);
        if let (Some(offset), Some(length)) = (number(&header, 4), number(&header, 12)) {
            array.length = length;
            array.has_nulls = offset > 0;
            array.elements = if array.has_nulls { offset - LENGTH_WORD } else { HEADER };
        }
        array
    }

    /// The positions of a number, in an array that is sorted and without NULLs.
    pub fn positions_of(&self, wanted: i64) -> Range<usize> {
        let (mut low, mut high) = (0, self.length);
        while high - low > WINDOW {
            let middle = low.midpoint(high);
            match self.values(middle..middle + 1).first() {
                Some(found) if *found < wanted => low = middle + 1,
                _ => high = middle,
            }
        }
        let first = low + self.values(low..high).partition_point(|found| *found < wanted);
        let mut end = first;
        while end < self.length && self.values(end..end + 1).first() == Some(&wanted) {
            end += 1;
        }
        first..end
    }

    /// None where it is NULL.
    pub fn value(&self, position: usize) -> Option<i64> {
        let mut index = position;
        if self.has_nulls {
            let bitmap = self.bytes(HEADER, position / 8 + 1);
            let is_there = |i: usize| bitmap.get(i / 8).is_some_and(|byte| byte & (1 << (i % 8)) != 0);
            if !is_there(position) {
                return None;
            }
            index = (0..position).filter(|&i| is_there(i)).count();
        }
        self.values(index..index + 1).first().copied()
    }

    fn values(&self, positions: Range<usize>) -> Vec<i64> {
        let bytes = self.bytes(self.elements + positions.start * ELEMENT, positions.len() * ELEMENT);
        bytes
            .chunks_exact(ELEMENT)
            .map(|bytes| i64::from_ne_bytes(std::array::from_fn(|i| bytes[i])))
            .collect()
    }

    fn bytes(&self, first: usize, count: usize) -> Vec<u8> {
        // SAFETY: the server reads no further than the value goes, and returns a copy.
        unsafe {
            let part = pg_sys::pg_detoast_datum_slice(self.array, first as i32, count as i32);
            let bytes = varlena_to_byte_slice(part).to_vec();
            pg_sys::pfree(part.cast());
            bytes
        }
    }
}

fn number(header: &[u8], at: usize) -> Option<usize> {
    let bytes = header.get(at..at + 4)?;
    usize::try_from(i32::from_ne_bytes(std::array::from_fn(|i| bytes[i]))).ok()
}
