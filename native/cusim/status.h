// Results by short names, for the code that is not part of the driver's face.
#pragma once

namespace cusim::status {

constexpr int ILLEGAL_ADDRESS = 700;
constexpr int LAUNCH_TIMEOUT = 702;
constexpr int LAUNCH_FAILED = 719;

}  // namespace cusim::status
