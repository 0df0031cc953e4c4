//! Double entry: accounts, movements, holds, trial balance
