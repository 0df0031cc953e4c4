mod db; pub use db::*;
