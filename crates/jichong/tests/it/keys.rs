//! The card keys in the hands of those who keep them: `jichong vault …` on a sealed file and on a real software token,
//! and a server whose keys are in the token.

mod commands;
mod killed;
mod place;
mod serve;
