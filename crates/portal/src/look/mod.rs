//! The look: a small design system of our own, as typed functions.
//!
//! `assets/css` holds the stylesheet, one file a topic, tokens first; [`page`] is what surrounds every page, [`parts`]
//! the components, [`show`] how values are written, [`icon`] the pictures. Nothing here knows the business beyond the
//! values it shows, and no page has an inline style or script: the content security policy forbids both.

pub(crate) mod icon;
mod page;
mod parts;
mod qr;
pub(crate) mod show;
mod side;

pub(crate) use page::{Frame, Visitor, Who};
pub(crate) use parts::{Choice, Field, Tone, command, empty, fact, hidden, kbd, notice, pages, summary, tag};
pub(crate) use qr::qr;
pub(crate) use side::Side;
