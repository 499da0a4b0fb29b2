"""How good a posterior is: accuracy and calibration."""
