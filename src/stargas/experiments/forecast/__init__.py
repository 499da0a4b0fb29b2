"""How far forecasts hold, and what two tracers of one galaxy bring: each part writes one JSON file of results."""
