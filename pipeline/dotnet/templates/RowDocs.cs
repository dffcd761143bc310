/*% macro parameters(client, kept=false) %*/
//% for input in client.inputs
        /// <param name="$ input.stem $">$ input.summary | doc(8) $$ " Do not change it before the task has completed." if kept and not input.scalar $</param>
//% endfor
//% for axis in client.layout.explicit_axes
        /// <param name="$ axis.stem $">Size of the axis <c>$ axis.name | doc(8) $</c>, at least 1.</param>
//% endfor
/*% endmacro %*/
/*% macro rejected(client) %*/
        /// <exception cref="ArgumentException">$ "An array has the wrong length, " if client.has_arrays $$ "a size is not proven, " if client.sizes $$ "text is <see langword=\"null\"/>, " if client.layout.has_text $or <see cref="TheModelOptions.ValidateInputs"/> rejects a value.</exception>
/*% endmacro %*/
