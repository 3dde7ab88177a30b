"""Labels, temporal splits, trees and calibration."""
