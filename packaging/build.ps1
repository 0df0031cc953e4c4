<#
.SYNOPSIS
    Makes the archive for Windows, on Windows: packaging\build.ps1 -Out dist
.DESCRIPTION
    Needs Rust (rustup, the msvc toolchain), the C++ build tools of Visual Studio and, for the list of licences, Python.
    This script was written beside packaging/build and was never run: see docs/install.md, "What was tried".
#>
param([string]$Out = 'dist')
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

$triple = 'x86_64-pc-windows-msvc'
# One file: the C runtime is in it, so nothing needs to be installed first.
$env:CARGO_TARGET_X86_64_PC_WINDOWS_MSVC_RUSTFLAGS = '-C target-feature=+crt-static'
cargo build --locked --release -p jichong --bin jichong --features pcsc --target $triple
if ($LASTEXITCODE) { throw 'cargo build failed' }

$version = (Select-String -Path Cargo.toml -Pattern '^version = "(.*)"').Matches[0].Groups[1].Value
$name = "jichong-$version-x86_64-windows"
$tree = Join-Path $Out $name
if (Test-Path $tree) { Remove-Item -Recurse -Force $tree }
New-Item -ItemType Directory -Force "$tree\bin", "$tree\doc" | Out-Null
Copy-Item "target\$triple\release\jichong.exe" "$tree\bin"
Copy-Item packaging\terminal.ps1, LICENSE $tree
Copy-Item README.md, README.zh.md, ARCHITECTURE.md, docs\*.md "$tree\doc"
$licences = python packaging\licences $triple --features pcsc
if ($LASTEXITCODE) { throw 'the list of licences was not made' }
[IO.File]::WriteAllLines((Join-Path (Resolve-Path $tree) 'THIRD-PARTY.txt'), $licences)
Compress-Archive -Force -Path $tree -DestinationPath "$tree.zip"
Get-FileHash -Algorithm SHA256 "$tree.zip" | Format-List Path, Hash
