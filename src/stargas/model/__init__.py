"""The posterior: network, flow, files."""
