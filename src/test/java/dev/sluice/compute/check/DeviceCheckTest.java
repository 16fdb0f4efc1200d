package dev.sluice.compute.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cpu.Kernels;
import dev.sluice.testing.NaiveSampler;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

final class DeviceCheckTest {
    private static final Set<String> OPERATIONS =
            Set.of(
                    "add",
                    "addBias",
                    "rmsNorm",
                    "addRmsNorm",
                    "gatedActivation",
                    "gatherLogitRows",
                    "argmax",
                    "rotaryTable",
                    "rotaryAndStore",
                    "normRotaryAndStore",
                    "attention",
                    "embedding",
                    "linear");

    private final CpuDevice reference = open(CpuOptions.defaults().withKernels(Kernels.JAVA));
    private final CpuDevice tested = open(CpuOptions.defaults());

    private static CpuDevice open(CpuOptions options) {
        return CpuDevice.open(options.withThreads(1));
    }

    @AfterEach
    void close() {
        tested.close();
        reference.close();
    }

    /// What a call of the tested device comes to.
    private interface Call {
        Object made() throws ReflectiveOperationException;
    }

    private interface Deed {
        Object of(String operation, Call call) throws ReflectiveOperationException;
    }

    /// The tested device with a sampler, and with calls done in another way.
    private Device changed(Deed deed) {
        return (Device)
                Proxy.newProxyInstance(
                        Device.class.getClassLoader(),
                        new Class<?>[] {Device.class},
                        (_, method, arguments) -> {
                            Call call = () -> method.invoke(tested, arguments);
                            Call made =
                                    switch (method.getName()) {
                                        case "samples" -> () -> true;
                                        case "sample" -> () -> draw(arguments);
                                        default -> call;
                                    };
                            try {
                                return deed.of(method.getName(), made);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static Object draw(Object[] arguments) {
        NaiveSampler.sample((Tensor) arguments[0], (SamplingBatch) arguments[1]);
        return arguments;
    }

    /// But for products with quantised weights, for which the CPU rounds activations to a byte.
    @Test
    void whatIsRightPassesAndAFailureIsAResultOfItsOwn() {
        List<CheckResult> told = new ArrayList<>();
        Device tested =
                changed((name, call) -> {
                    if (name.equals("gatherLogitRows")) {
                        throw new DeviceException("no room");
                    }
                    return call.made();
                });

        List<CheckResult> results = new DeviceCheck(tested, reference).run(false, told::add);

        assertThat(told).isEqualTo(results);
        assertThat(results)
                .extracting(CheckResult::family)
                .contains("rows", "rotary", "attention", "embedding", "linear", "sampling");
        assertThat(results)
                .filteredOn(result -> result.shape().startsWith("gather"))
                .singleElement()
                .matches(result -> !result.passed())
                .matches(result -> result.trouble().orElseThrow().equals("no room"));
        assertThat(results)
                .filteredOn(result -> !result.shape().matches("int.*|gather.*"))
                .allMatch(CheckResult::passed)
                .allMatch(result -> result.seconds() > 0);
    }

    @Test
    void whateverIsLeftUndoneIsFound() {
        Device idle =
                changed((name, call) ->
                        OPERATIONS.contains(name) || name.equals("sample") ? name : call.made());

        List<CheckResult> results = new DeviceCheck(idle, reference).run(false, _ -> {});

        assertThat(results).hasSizeGreaterThan(70).noneMatch(CheckResult::passed);
    }

    @Test
    void aLostDeviceEndsIt() {
        Device lost =
                changed((name, call) -> {
                    if (name.equals("rotaryTable")) {
                        throw DeviceException.lost("gone");
                    }
                    return call.made();
                });

        List<CheckResult> results = new DeviceCheck(lost, reference).run(false, _ -> {});

        assertThat(results.getLast().trouble()).contains("gone");
        assertThat(results).extracting(CheckResult::family).containsOnly("rows", "rotary");
    }
}
