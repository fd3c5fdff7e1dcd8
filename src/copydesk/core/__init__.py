"""What every other room uses: settings, files written whole, decisions, progress, findings, escaping of output."""
