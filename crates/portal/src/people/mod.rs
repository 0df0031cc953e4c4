//! People: signing in and out, the session, who may do what, the password.

pub(crate) mod access;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod sign_in;
mod store;

pub(crate) use store::layer;
