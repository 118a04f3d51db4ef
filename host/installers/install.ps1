<#
.SYNOPSIS
Installs cc-orchestrator for this user from a release: one file, no administrator, nothing edited.
.DESCRIPTION
CC_ORCHESTRATOR_INSTALL_DIR says where the program goes (default: .local\bin of your home).
CC_ORCHESTRATOR_DOWNLOAD_URL says where releases are.
.PARAMETER Version
A certain release, such as 0.1.0. Default: the latest.
.PARAMETER DryRun
Only say what would be fetched, and where it would go.
.PARAMETER Uninstall
Remove the program. Your state and the controllers' settings stay.
#>
param([string]$Version = '', [switch]$DryRun, [switch]$Uninstall)

# In a function, so that `irm URL | iex` leaves the caller's settings alone and half a download does nothing.
function Install-CcOrchestrator {
    param([string]$Version, [switch]$DryRun, [switch]$Uninstall)

    Set-StrictMode -Version 2.0
    $ErrorActionPreference = 'Stop'
    # Windows PowerShell draws a bar for every few bytes, which takes longer than the download.
    $ProgressPreference = 'SilentlyContinue'

    # Whoever publishes: the release fills in the real owner.
    $repository = 'OWNER/cc-orchestrator'
    $folder = $env:CC_ORCHESTRATOR_INSTALL_DIR
    if (-not $folder) { $folder = Join-Path $HOME '.local\bin' }
    $folder = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($folder)
    $program = Join-Path $folder 'cc-orchestrator.exe'
    $previous = Join-Path $folder 'cc-orchestrator.previous.exe'

    if ($Uninstall) {
        if (-not (Test-Path -LiteralPath $program)) { throw "There is no $program." }
        if ($DryRun) { "would remove $program"; return }
        foreach ($file in @($program, $previous)) {
            if (Test-Path -LiteralPath $file) {
                try { Remove-Item -LiteralPath $file -Force }
                catch { throw "Cannot remove ${file}; end every cc-orchestrator that runs, then try again. $_" }
            }
        }
        "removed: $program"
        "Your state stays, and so do entries that 'cc-orchestrator setup' made in a controller's settings (docs/install.md)."
        return
    }

    $releases = $env:CC_ORCHESTRATOR_DOWNLOAD_URL
    if (-not $releases) {
        if ($repository -like 'OWNER/*') {
            throw 'This copy does not know who publishes releases: take install.ps1 from a release, or set CC_ORCHESTRATOR_DOWNLOAD_URL.'
        }
        $releases = "https://github.com/$repository/releases"
    }
    $Version = $Version -replace '^v', ''
    if ($Version -notmatch '^[0-9A-Za-z.+-]*$') { throw "'$Version' is no version; one looks like 0.1.0." }

    # The variable of a 32-bit or emulated process says what it runs as; the other one says what the machine is.
    $machine = $env:PROCESSOR_ARCHITEW6432
    if (-not $machine) { $machine = $env:PROCESSOR_ARCHITECTURE }
    if ($env:OS -ne 'Windows_NT') { throw 'This installs on Windows; elsewhere, use install.sh.' }
    if ($machine -eq 'ARM64') { 'Note: there is no release for ARM64; Windows runs the x86_64 one by emulation.' }
    elseif ($machine -ne 'AMD64') { throw "There is no release for Windows on $machine; build it from source (docs/install.md)." }
    $name = 'cc-orchestrator-x86_64-pc-windows-msvc'

    $at = "$($releases.TrimEnd('/'))/latest/download"
    if ($Version) { $at = "$($releases.TrimEnd('/'))/download/v$Version" }
    if ($DryRun) {
        "would fetch $at/$name.zip"
        "would check it with $at/SHA256SUMS"
        "would put cc-orchestrator.exe into $folder"
        return
    }

    $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    $new = Join-Path $folder ".cc-orchestrator.new.$PID.exe"
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        # Windows PowerShell on older systems would offer TLS 1.0.
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
        foreach ($file in @('SHA256SUMS', "$name.zip")) {
            try { Invoke-WebRequest -UseBasicParsing -Uri "$at/$file" -OutFile (Join-Path $work $file) }
            catch { throw "Cannot fetch $at/${file}; check the network (or proxy), and that this release exists. $_" }
        }

        $line = Get-Content -LiteralPath (Join-Path $work 'SHA256SUMS') | Where-Object { ($_ -split '\s+\*?', 2)[1] -eq "$name.zip" }
        if (-not $line) { throw "SHA256SUMS of this release has no line for $name.zip; nothing was installed." }
        $wanted = ($line -split '\s+')[0]
        $found = (Get-FileHash -Algorithm SHA256 -LiteralPath (Join-Path $work "$name.zip")).Hash
        if ($found -ne $wanted) {
            throw "$name.zip is not what its release says: sha256 is $found, not $wanted; nothing was installed. Try again later."
        }
        "checked: the sha256 of $name.zip is the one in this release's SHA256SUMS."
        'This finds a damaged download. Who built it: gh attestation verify (docs/install.md).'

        Expand-Archive -LiteralPath (Join-Path $work "$name.zip") -DestinationPath $work
        $fetched = Join-Path (Join-Path $work $name) 'cc-orchestrator.exe'
        # One that does not run here must not replace one that does.
        $told = & $fetched --version
        if ($LASTEXITCODE -ne 0) { throw 'The program of this release does not run here; nothing was installed.' }

        New-Item -ItemType Directory -Force -Path $folder | Out-Null
        Copy-Item -LiteralPath $fetched -Destination $new
        $kept = Test-Path -LiteralPath $program
        if ($kept) {
            # A running program can be renamed, not replaced; so its new name must be free.
            try {
                if (Test-Path -LiteralPath $previous) { Remove-Item -LiteralPath $previous -Force }
                Move-Item -LiteralPath $program -Destination $previous
            }
            catch { throw "Cannot move $program aside; end every cc-orchestrator that runs, then try again. $_" }
        }
        try { Move-Item -LiteralPath $new -Destination $program }
        catch {
            if ($kept) { Move-Item -LiteralPath $previous -Destination $program }
            throw
        }
    }
    finally {
        foreach ($left in @($work, $new)) {
            if (Test-Path -LiteralPath $left) { Remove-Item -LiteralPath $left -Recurse -Force -ErrorAction SilentlyContinue }
        }
    }

    "installed: $told, $program"
    if ($kept) {
        "The one before is kept: Move-Item -Force '$previous' '$program' goes back."
        'Next: cc-orchestrator upgrade-check'
    }
    else { 'Next: cc-orchestrator healthcheck' }
    if (($env:Path -split ';') -notcontains $folder) {
        "$folder is not in your Path. To add it, and then open a new window:"
        "  [Environment]::SetEnvironmentVariable('Path', '$folder;' + [Environment]::GetEnvironmentVariable('Path', 'User'), 'User')"
    }
}

Install-CcOrchestrator -Version $Version -DryRun:$DryRun -Uninstall:$Uninstall
