<#
.SYNOPSIS
    The terminal on this machine: install it, look at it, remove it. For an administrator, in the unpacked archive.
.EXAMPLE
    .\terminal.ps1 install -Server https://topup.example.cn -Code ABCD-EFGH-JKMN-PQRS
.EXAMPLE
    .\terminal.ps1 status
.EXAMPLE
    .\terminal.ps1 remove
#>
param(
    [Parameter(Mandatory, Position = 0)][ValidateSet('install', 'status', 'remove', 'run')][string]$Do,
    # The server, as people type it into their browser.
    [string]$Server,
    # The one-time code; without it a terminal that is enrolled stays so.
    [string]$Code,
    # A certificate to trust beside the system's own (PEM).
    [string]$Ca
)
$ErrorActionPreference = 'Stop'
$task = 'Jichong terminal'
$folder = Join-Path $env:ProgramFiles 'Jichong'
$program = Join-Path $folder 'jichong.exe'
$state = Join-Path $env:ProgramData 'Jichong\terminal'
$log = Join-Path $state 'log.txt'

function Stop-Terminal {
    if (Get-ScheduledTask -TaskName $task -ErrorAction SilentlyContinue) {
        # What is ended here in the middle of a load is settled after the next start: the terminal keeps a journal.
        Stop-ScheduledTask -TaskName $task
        Get-Process jichong -ErrorAction SilentlyContinue | Where-Object Path -eq $program | Stop-Process -Force
    }
}

function Install-Terminal {
    if (-not $Server) { throw '-Server is needed, for example https://topup.example.cn' }
    Stop-Terminal
    New-Item -ItemType Directory -Force $folder, $state | Out-Null
    # The key and the journal are for the system, administrators and LOCAL SERVICE alone; by number, since names are translated.
    icacls $state /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-19:(OI)(CI)M' | Out-Null
    if ($LASTEXITCODE) { throw "the rights of $state were not set" }
    foreach ($file in 'jichong.exe', 'terminal.ps1') {
        $from = Join-Path $PSScriptRoot $file
        if (-not (Test-Path $from)) { $from = Join-Path $PSScriptRoot "bin\$file" }
        Copy-Item -Force $from $folder
    }
    $trust = @()
    if ($Ca) { Copy-Item -Force $Ca (Join-Path $state 'ca.pem'); $trust = '--ca', (Join-Path $state 'ca.pem') }
    if ($Code) {
        & $program terminal enrol --server $Server --code $Code --state $state @trust
        if ($LASTEXITCODE) { throw 'it was not enrolled' }
    }
    Set-Content (Join-Path $state 'server.txt') $Server
    $powershell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    $run = '-NoProfile -ExecutionPolicy Bypass -File "{0}" run' -f (Join-Path $folder 'terminal.ps1')
    $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 `
        -RestartInterval (New-TimeSpan -Minutes 1) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
    Register-ScheduledTask -Force -TaskName $task -Settings $settings `
        -Action (New-ScheduledTaskAction -Execute $powershell -Argument $run) `
        -Trigger (New-ScheduledTaskTrigger -AtStartup) `
        -Principal (New-ScheduledTaskPrincipal -UserId 'S-1-5-19' -LogonType ServiceAccount) | Out-Null
    Start-ScheduledTask -TaskName $task
    "the terminal runs and starts with Windows; its log is $log"
}

# What the task runs: the terminal, again whenever it ends, with a log that does not grow for ever.
function Start-Terminal {
    $server = (Get-Content (Join-Path $state 'server.txt') -TotalCount 1).Trim()
    $arguments = 'terminal run --server "{0}" --state "{1}"' -f $server, $state
    $ca = Join-Path $state 'ca.pem'
    if (Test-Path $ca) { $arguments += ' --ca "{0}"' -f $ca }
    while ($true) {
        if ((Test-Path $log) -and (Get-Item $log).Length -gt 10MB) { Move-Item -Force $log "$log.previous" }
        cmd.exe /c "`"`"$program`" $arguments >> `"$log`" 2>&1`""
        Start-Sleep -Seconds 2
    }
}

switch ($Do) {
    'install' { Install-Terminal }
    'run' { Start-Terminal }
    'status' {
        Get-ScheduledTask -TaskName $task | Get-ScheduledTaskInfo | Format-List TaskName, LastRunTime, LastTaskResult
        if (Test-Path $log) { Get-Content $log -Tail 20 }
    }
    'remove' {
        Stop-Terminal
        Unregister-ScheduledTask -TaskName $task -Confirm:$false
        Remove-Item -Recurse -Force $folder
        "$state is left: its journal may hold a result that the server has not taken yet"
    }
}
