//! Sizes and offsets of structs where pointers have 64 bits, by C's rule: each field at the next multiple of its size.

use super::declarations::Named;

pub const POINTER_WIDTH: usize = 64;

/// A type's size, which is its alignment too; none for a type that a field may not have.
fn size_of(field: &Named, callbacks: &[String]) -> Option<usize> {
    if field.is_pointer() || callbacks.contains(&field.ctype) {
        return Some(POINTER_WIDTH / 8);
    }
    match field.ctype.as_str() {
        "bool" | "uint8_t" | "int8_t" => Some(1),
        "uint16_t" | "int16_t" => Some(2),
        "uint32_t" | "int32_t" | "int" | "bio_status" => Some(4),
        "uint64_t" | "int64_t" => Some(8),
        "size_t" | "ptrdiff_t" | "uintptr_t" => Some(POINTER_WIDTH / 8),
        _ => None,
    }
}

pub struct Layout {
    pub size: usize,
    pub align: usize,
    /// Of each field its offset and size.
    pub fields: Vec<(usize, usize)>,
}

impl Layout {
    pub fn of(fields: &[Named], callbacks: &[String]) -> Result<Self, String> {
        let mut layout = Self { size: 0, align: 1, fields: Vec::new() };
        for field in fields {
            let size = size_of(field, callbacks).ok_or_else(|| format!("has a field of type {:?}", field.ctype))?;
            let offset = layout.size.next_multiple_of(size);
            layout.fields.push((offset, size));
            layout.align = layout.align.max(size);
            layout.size = offset + size;
        }
        layout.size = layout.size.next_multiple_of(layout.align);
        Ok(layout)
    }
}
