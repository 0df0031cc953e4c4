//! Money that does not fit: the queue, and one exception with what happened, where the money is and what can be done.

pub(crate) mod evidence;
pub(crate) mod exception;
pub(crate) mod list;
pub(crate) mod view;
pub(crate) mod words;

use topup::deposits::ExceptionId;

/// Where the page of an exception is.
pub(crate) fn path(id: ExceptionId) -> String {
    format!("/office/exceptions/{}", id.0)
}
